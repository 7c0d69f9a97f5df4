import {readAgentEvent} from './dialects/agent-event.ts'
import {readCloudEvent} from './dialects/cloudevent.ts'
import {complete, type EntryContext, invalid, shortJson} from './dialects/complete.ts'
import {isOwnEvent, readEnvelope} from './dialects/envelope.ts'
import {readEventStoreEvent} from './dialects/event-store.ts'
import {type Fields, own} from './dialects/fields.ts'
import {readOpenClawEvent} from './dialects/openclaw-event.ts'
import type {ClawEvent} from './envelope.ts'
import {flattenDeep, isObject} from './json.ts'

export type {EntryContext} from './dialects/complete.ts'

/**
 * The event that a parsed JSON value is, in whatever dialect it was written: our own and the event-server plugin's
 * envelope, its log lines, OpenClaw's event store, the host's agent events, the NATS event-store plugins, CloudEvents.
 * Our own events come back as they are; of the others nothing is dropped, and the same input always gets the same id.
 * EVENT_INVALID says what was found instead of an event.
 */
export function normalize(input: unknown, context: EntryContext = {}): ClawEvent {
  if (!isObject(input)) throw invalid(`expected a JSON object, found ${shortJson(input)}`)
  // Before anything is unwrapped: an event of ours may have fields of any name.
  if (isOwnEvent(input)) return flattenDeep(withoutPlace(input))
  const inner = flattenDeep(unwrapped(input))
  return flattenDeep(isOwnEvent(inner) ? withoutPlace(inner) : read(inner, context))
}

function read(input: Fields, context: EntryContext): ClawEvent {
  const has = (name: string, kind = 'string') => typeof own(input, name) === kind
  if (has('specversion')) return complete(readCloudEvent(input), context)
  if (has('eventId') || (has('type') && (has('eventName') || has('eventCategory')))) return readEnvelope(input, context)
  if (has('stream') && Object.hasOwn(input, 'data')) return complete(readAgentEvent(input), context)
  if ((has('type') || has('canonicalType')) && Object.hasOwn(input, 'payload')) {
    return complete(Object.hasOwn(input, 'ts') ? readEventStoreEvent(input) : readOpenClawEvent(input), context)
  }
  if (has('type') && isObject(own(input, 'data'))) return readEnvelope(input, context)
  throw invalid(`it is of no dialect known here, its fields are ${shortJson(Object.keys(input))}`)
}

/** The event of an event-log line `{timestamp, kind: 'event', event}`; a summary line is an event without an id. */
function unwrapped(input: Fields): Fields {
  const kind = own(input, 'kind')
  if (kind === 'runtime') throw invalid('it is a line of the runtime log')
  if (own(input, 'type') === 'welcome' && !Object.hasOwn(input, 'data'))
    throw invalid('it is the greeting of a WebSocket server')
  const inner = own(input, 'event')
  if (kind !== 'event' || !isObject(inner)) return input
  return Object.hasOwn(inner, 'timestamp') ? inner : {...inner, timestamp: own(input, 'timestamp')}
}

/** A stored event without its place in the log that it came from. */
function withoutPlace(event: Fields & ClawEvent): ClawEvent {
  if (!Object.hasOwn(event, 'position') && !Object.hasOwn(event, 'storedAt')) return event
  const {position: _position, storedAt: _storedAt, ...bare} = event
  return bare
}
