import {ClawError, Exit} from '../errors.ts'
import {categoryOf} from './catalogue.ts'
import {type ClawEvent, type EventSource, limits, schemaVersion} from './envelope.ts'
import {newEventId} from './id.ts'
import {flattenDeep} from './json.ts'
import {toTimestamp} from './timestamp.ts'

/** What a new event needs; everything else is filled in. Fields that are undefined are left out. */
export type NewEvent = Pick<ClawEvent, 'type' | 'agentId' | 'data'> &
  Partial<ClawEvent> & {source: EventSource /** Epoch ms; default: the current time. */; now?: number}

const typeForm = /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/

/**
 * A new event, complete and valid: a fresh id, the category of its type, `internal` unless said otherwise, and a
 * correlation id of its own unless it belongs to a tool call or a run. EVENT_INVALID names what is wrong.
 */
export function makeEvent(given: NewEvent): ClawEvent {
  assertNames(given)
  const {now = Date.now()} = given
  return {
    ...begun(given, given.eventId ?? newEventId(now)),
    schemaVersion,
    timestamp: timestampOf(given.timestamp, now),
    type: given.type,
    eventCategory: given.eventCategory ?? categoryOf(given.type),
    eventName: given.eventName ?? given.type,
    source: given.source,
    agentId: given.agentId,
    correlationId: given.correlationId ?? given.toolCallId ?? given.runId ?? newEventId(now),
    visibility: given.visibility ?? 'internal',
    data: flattenDeep(given.data),
  }
}

/** What was given, the id first, because it is what people look for in a line of JSON. One pass: gateways are busy. */
function begun(given: Record<string, unknown>, eventId: string): Partial<ClawEvent> & {eventId: string} {
  const fields: Record<string, unknown> & {eventId: string} = {eventId}
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && name !== 'now' && name !== 'eventId') fields[name] = given[name]
  }
  return fields
}

function timestampOf(given: string | undefined, now: number): string {
  if (given === undefined) return new Date(now).toISOString()
  const timestamp = toTimestamp(given)
  if (timestamp === undefined) throw invalid(`timestamp ${JSON.stringify(given)} is not an RFC 3339 time`)
  return timestamp
}

function assertNames({type, agentId, eventId, data}: Omit<NewEvent, 'now'>): void {
  if (!typeForm.test(type)) {
    throw invalid(`type ${JSON.stringify(type)} is not dotted lower case`, 'for example deploy.finished or note.added')
  }
  if (agentId.trim() === '') throw invalid('the agent id is empty', 'use "system" where no agent is concerned')
  assertBytes('type', type, limits.typeBytes)
  assertBytes('agent id', agentId, limits.agentIdBytes)
  if (eventId !== undefined) assertBytes('event id', eventId, limits.eventIdBytes)
  if (eventId === '') throw invalid('the event id is empty')
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw invalid('data is not a JSON object')
}

function assertBytes(name: string, value: string, limit: number): void {
  const bytes = Buffer.byteLength(value)
  if (bytes > limit) throw invalid(`the ${name} has ${bytes} bytes, ${limit} are allowed`)
}

function invalid(message: string, suggestion?: string): ClawError {
  return new ClawError('EVENT_INVALID', message, {exit: Exit.usage, suggestions: suggestion ? [suggestion] : []})
}
