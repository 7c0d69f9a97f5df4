import type {ClawEvent} from '../event/envelope.ts'
import {flattenDeep, isObject} from '../event/json.ts'
import {snapshotOf} from './snapshot.ts'

const texts = ['eventId', 'type', 'agentId', 'timestamp'] as const

/** Whether a log can take it: it has an id, and what it is searched by. */
export function isRecordable(event: unknown): event is ClawEvent {
  if (!isObject(event) || !isObject(event['data'])) return false
  for (const name of texts) if (typeof event[name] !== 'string' || event[name] === '') return false
  return true
}

/** The event as plain JSON data: what cannot be written is replaced by a text that says so. */
export function plainEvent(event: ClawEvent): ClawEvent {
  return flattenDeep({...event, ...snapshotOf(event).data})
}
