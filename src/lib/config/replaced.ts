import {isDeepStrictEqual} from 'node:util'
import {valueAt} from './key-path.ts'
import {configSchema} from './schema.ts'

const relay = 'no events are relayed between processes: each writes to the log, and a lease names who runs the sinks'
const once = 'an event has one id, and the log stores it once'

/** Keys of the event-server plugin that are accepted and do nothing, each with what does its work. */
export const replaced: Readonly<Record<string, string>> = {
  'queue.persistToDisk': 'events are always on disk, in the log',
  'queue.persistPath': 'events are always on disk, in the log',
  'transport.lockPath': relay,
  'transport.socketPath': relay,
  'transport.lockStaleMs': relay,
  'transport.heartbeatMs': relay,
  'transport.relayTimeoutMs': relay,
  'transport.reconnectBackoffMs': relay,
  'transport.maxPendingEvents': relay,
  'transport.maxPayloadBytes': relay,
  'transport.authToken': relay,
  'transport.runtimeKind': relay,
  'transport.dedupeTtlMs': once,
  'transport.semanticDedupeEnabled': once,
  'logging.debug': "the host's log has levels of its own, and what is logged in detail goes to its debug level",
  'hookBridge.toolGuard.trace':
    '`toolguard explain` and `toolguard replay --trace` show every step of a judgement, also of recorded calls',
}

/** Notes on keys that are set to something and do nothing. */
export function replacedNotes(values: Readonly<Record<string, unknown>>): string[] {
  const defaults = configSchema.parse({})
  return Object.entries(replaced).flatMap(([key, instead]) => {
    const path = key.split('.')
    const value = valueAt(values, path)
    const isIdle = value === undefined || value === '' || isDeepStrictEqual(value, valueAt(defaults, path))
    return isIdle ? [] : [`${key} is not used: ${instead}`]
  })
}
