import type {ClawEvent} from '../../event/envelope.ts'
import {timeOf} from '../../event/timestamp.ts'

export type EventKey = string | Uint8Array

const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * The event id as it is indexed: 16 bytes for a canonical UUID (a text id would more than double the index), text for
 * any other. Two ids are equal exactly when their keys are.
 */
export function eventKey(eventId: string): EventKey {
  if (canonicalUuid.test(eventId)) return Buffer.from(eventId.replaceAll('-', ''), 'hex')
  if (eventId.isWellFormed()) return eventId
  // SQLite's UTF-8 has no lone surrogates and would make all of them equal; an odd length is never a UUID's.
  return Buffer.concat([Buffer.of(0), Buffer.from(eventId, 'utf16le')])
}

/** What is read out of an event for searching, in the order of the columns after `event_id`. */
export type SearchColumns = [
  type: string,
  agent: string,
  sessionKey: string | null,
  sessionId: string | null,
  runId: string | null,
  tool: string | null,
  ts: number | null,
]

export function searchColumns(event: ClawEvent): SearchColumns {
  const ts = timeOf(event)
  return [
    event.type,
    event.agentId,
    textOrNull(event.sessionKey),
    textOrNull(event.sessionId),
    textOrNull(event.runId),
    textOrNull(event.data?.['toolName']),
    Number.isNaN(ts) ? null : ts,
  ]
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** The event id that `eventKey` made a key of. */
export function eventIdOf(key: unknown): string {
  if (!(key instanceof Uint8Array)) return String(key)
  const bytes = Buffer.from(key)
  if (bytes.length !== 16) return bytes.subarray(1).toString('utf16le')
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
