// A stranger's plugin beside ours. It writes every hook and agent event to a file, one JSON line each, and does what the
// markers in a tool call's parameters tell it: PROBE-BLOCK, PROBE-REWRITE, PROBE-THROW, PROBE-HANG, PROBE-ASK after other
// plugins have seen the call, PROBE-FIRST-… before.
import {appendFileSync} from 'node:fs'

const observed = [
  'before_model_resolve',
  'agent_turn_prepare',
  'before_prompt_build',
  'before_agent_run',
  'before_agent_reply',
  'model_call_started',
  'model_call_ended',
  'llm_input',
  'llm_output',
  'agent_end',
  'before_compaction',
  'after_compaction',
  'before_reset',
  'inbound_claim',
  'message_received',
  'message_sending',
  'reply_payload_sending',
  'message_sent',
  'before_dispatch',
  'reply_dispatch',
  'after_tool_call',
  'tool_result_persist',
  'before_message_write',
  'resolve_exec_env',
  'session_start',
  'session_end',
  'subagent_spawned',
  'subagent_progress',
  'subagent_ended',
  'subagent_delivery_target',
  'gateway_start',
  'gateway_stop',
  'cron_reconciled',
  'cron_changed',
]
// The host ignores a promise from these two.
const synchronous = new Set(['tool_result_persist', 'before_message_write'])
const internal = ['command', 'session', 'agent', 'gateway', 'message']

const generation = Math.random().toString(36).slice(2, 8)
let count = 0

export default {
  id: 'claw-probe',
  name: 'Claw Probe',
  description: 'Writes down what the host really does',
  register(api) {
    const {out} = api.pluginConfig
    const record = (kind, name, event, ctx) => {
      const {registrationMode: mode} = api
      const line = {n: ++count, at: Date.now(), pid: process.pid, generation, mode, kind, name, event, ctx}
      appendFileSync(out, `${JSON.stringify(line, plain())}\n`)
    }
    record('meta', 'register', {pluginConfig: api.pluginConfig})

    for (const hook of observed) {
      const handler = (event, ctx) => record('hook', hook, event, ctx)
      api.on(hook, synchronous.has(hook) ? handler : async (event, ctx) => handler(event, ctx))
    }
    api.on('before_tool_call', (event) => interfere(event, 'PROBE-FIRST-', record), {
      priority: 100_000,
      timeoutMs: 1500,
    })
    api.on(
      'before_tool_call',
      (event, ctx) => {
        record('hook', 'before_tool_call', event, ctx)
        return interfere(event, 'PROBE-', record)
      },
      {priority: -100_000, timeoutMs: 1500},
    )
    for (const event of internal) {
      const name = `probe-${event}`
      api.registerHook(event, async (payload) => record('internal', event, payload), {name, description: 'probe'})
    }
    api.agent.events.registerAgentEventSubscription({
      id: 'probe',
      description: 'all',
      handle: (event) => record('agent-event', event.stream, event),
    })
    api.registerService({
      id: 'probe',
      start: async ({stateDir}) => record('service', 'start', {stateDir}),
      stop: async () => record('service', 'stop', {}),
    })
  },
}

async function interfere({params}, prefix, record) {
  const text = JSON.stringify(params)
  const asked = (word) => text.includes(`${prefix}${word}`)
  if (asked('THROW')) throw new Error('the probe threw')
  if (asked('HANG')) await new Promise((resolve) => setTimeout(resolve, 5000).unref())
  if (asked('BLOCK')) return {block: true, blockReason: 'the probe blocks this'}
  if (asked('REWRITE')) return {params: {...params, command: 'echo rewritten-by-probe'}}
  if (!asked('ASK')) return undefined
  return {
    requireApproval: {
      title: 'The probe asks',
      description: text.slice(0, 200),
      timeoutMs: 4000,
      onResolution: (decision) => record('approval', 'resolved', {decision}),
    },
  }
}

/** What JSON cannot hold, left out; the host's whole configuration, too. */
function plain() {
  const seen = new WeakSet()
  return (key, value) => {
    if (typeof value === 'function') return '[function]'
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    if (key === 'config' || key === 'cfg') return '[configuration]'
    if (value instanceof AbortSignal) return '[signal]'
    if (seen.has(value)) return '[again]'
    seen.add(value)
    return value
  }
}
