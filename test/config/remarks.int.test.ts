import {describe, expect, it} from 'vitest'
import {valueAt} from '../../src/lib/config/key-path.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import {replaced} from '../../src/lib/config/replaced.ts'
import {configSchema} from '../../src/lib/config/schema.ts'
import {leavesOf} from '../../src/lib/config/schema-tree.ts'
import {fullConfig} from './full-config.ts'
import {hostFile, tempState} from './temp-state.ts'

const notesOf = async (config: unknown, env = {}) => (await loadConfig({state: tempState(hostFile(config)), env})).notes

const action = {type: 'webhook', url: 'https://a.example'}
const guard = {enabled: true, rules: [{id: 'r', when: {}, action: 'a'}]}

describe('remarks', () => {
  it('name every key that is accepted and does nothing, where it is set to something', async () => {
    const {queue, transport, logging} = fullConfig
    const notes = await notesOf({queue, transport, logging, hookBridge: {toolGuard: {trace: true}}})
    expect(notes.map((note) => note.split(' ', 1)[0]).sort()).toEqual(Object.keys(replaced).sort())
    expect(notes).toContain('queue.persistToDisk is not used: events are always on disk, in the log')
  })

  it('do not come of such a key that has the default, or is empty', async () => {
    const {transport, queue} = configSchema.parse({})
    expect(await notesOf({transport: {...transport, lockPath: ''}, queue: {...queue, persistPath: ''}})).toEqual([])
  })

  it('tell only of keys that the schema has', () => {
    const keys = leavesOf(configSchema).map(({path}) => path.join('.'))
    expect(Object.keys(replaced).filter((key) => !keys.includes(key))).toEqual([])
  })

  it('tell that a guard may decide too late for the host, which blocks the call', async () => {
    const config = {hookBridge: {actions: {a: action}, toolGuard: guard}}
    expect(await notesOf(config)).toEqual([
      'hookBridge.toolGuard.timeoutMs is 15000, but the host blocks a call that is not decided within 15000 ms: ' +
        'lower it, or raise plugins.entries["claw-events"].hooks.timeouts.before_tool_call',
    ])
    const entry = {config, hooks: {timeouts: {before_tool_call: 20_000}}}
    const state = tempState({'openclaw.json': {plugins: {entries: {'claw-events': entry}}}})
    expect((await loadConfig({state, env: {}})).notes).toEqual([])
  })

  it('tell that an event log is configured and off, which it was not before', async () => {
    expect(await notesOf({eventLog: {path: 'x.ndjson'}})).toHaveLength(1)
    expect(await notesOf({eventLog: {path: 'x.ndjson', enabled: false}})).toEqual([])
  })

  it('tell that scripts may not run at all', async () => {
    const actions = {wake: {type: 'local_script', path: '/opt/wake.sh'}}
    expect(await notesOf({hookBridge: {actions}})).toEqual([
      'hookBridge.allowedActionDirs is empty, so no script may run (wake is one)',
    ])
  })

  it('tell of windows between which no agent is idle', async () => {
    expect(await notesOf({status: {workingWindowMs: 20_000, sleepingWindowMs: 10_000}})).toHaveLength(1)
  })
})

describe('defaults', () => {
  it('are those of the event-server plugin, but for what its users were hurt by', () => {
    const config = configSchema.parse({})
    const deliberate: Array<[key: string, ours: unknown]> = [
      ['eventLog.enabled', false],
      ['queue.flushIntervalMs', 0],
      ['hookBridge.toolGuard.retryBackoffMs', 0],
      ['hookBridge.toolGuard.approvalCacheTtlMs', 0],
    ]
    for (const [key, ours] of deliberate) expect(valueAt(config, key.split('.'))).toBe(ours)
    expect(config).toMatchObject({
      security: {ws: {bindAddress: '127.0.0.1', requireAuth: false, ports: [9011, 9012, 9013, 9014, 9015, 9016]}},
      retry: {maxAttempts: 3, initialDelayMs: 1000, maxDelayMs: 30_000, backoffMultiplier: 2},
      status: {workingWindowMs: 30_000, sleepingWindowMs: 600_000, tickIntervalMs: 5000, subagentIdleWindowMs: 300_000},
      eventLog: {path: '.event-server/events.ndjson', maxFileSizeMb: 30, format: 'full-json', minLevel: 'debug'},
      hookBridge: {
        localScriptDefaults: {timeoutMs: 10_000, maxPayloadBytes: 65_536},
        toolGuard: {enabled: false, dryRun: false, timeoutMs: 15_000, onError: 'allow', scopeKeyBy: 'tool_and_params'},
        runtime: {maxPendingEvents: 1000, concurrency: 8, dropPolicy: 'drop_oldest'},
      },
      redaction: {enabled: false, replacement: '[REDACTED]'},
      webhookTimeoutMs: 10_000,
    })
  })

  it('differ from the full example in every key that has one, so that tests with it show what they claim', () => {
    const config = configSchema.parse({})
    const same = leavesOf(configSchema).filter(
      ({path}) => JSON.stringify(valueAt(config, path)) === JSON.stringify(valueAt(fullConfig, path)),
    )
    expect(same.map(({path}) => path.join('.'))).toEqual([])
  })
})
