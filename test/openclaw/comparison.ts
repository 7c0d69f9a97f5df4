import type {StoredEvent} from '../../src/index.ts'
import type {ProbeRecord} from './kit/probe-records.ts'

/** Hooks that a stranger's plugin is called with as often as we record them, and the events that we make of them. */
const pairs: ReadonlyArray<[hook: string, type: string]> = [
  ['message_received', 'message.received'],
  ['session_start', 'session.start'],
  ['session_end', 'session.end'],
  ['before_reset', 'session.before_reset'],
  ['before_model_resolve', 'agent.before_model_resolve'],
  ['before_prompt_build', 'agent.before_prompt_build'],
  ['llm_input', 'agent.llm_input'],
  ['llm_output', 'agent.llm_output'],
  ['model_call_started', 'model.call.started'],
  ['model_call_ended', 'model.call.ended'],
  ['agent_end', 'agent.end'],
  ['tool_result_persist', 'tool.result_persist'],
  ['subagent_spawned', 'subagent.spawned'],
  ['subagent_ended', 'subagent.ended'],
]

/** Where the log has more or fewer events than the host made calls, by hook. */
export function unlikeTheHost(events: readonly StoredEvent[], records: readonly ProbeRecord[]): string[] {
  return pairs.flatMap(([hook, type]) => {
    const called = records.filter(({kind, name}) => kind === 'hook' && name === hook).length
    const recorded = events.filter((event) => event.type === type).length
    return called === recorded ? [] : [`${hook}: called ${called} times, ${recorded} × ${type}`]
  })
}
