import {ClawError} from '../../errors.ts'
import {mappedType} from '../aliases.ts'
import {categoryOf} from '../catalogue.ts'
import {type ClawEvent, type EventError, limits, schemaVersion, type Visibility} from '../envelope.ts'
import {contentId} from '../id.ts'
import {jsonText} from '../json.ts'
import {toTimestamp} from '../timestamp.ts'
import {type Fields, nameIn, textIn} from './fields.ts'
import {dataOf, errorOf, isFailure} from './payload.ts'

/** Where an event that is taken in comes from. */
export interface EntryContext {
  /** The file or stream it was read from. */
  importedFrom?: string
  /** Its line there. */
  line?: number
  /** Epoch ms: the time of an event that has none. */
  receivedAt?: number
}

/** A foreign event taken apart: what is missing here, `complete` finds or makes. */
export interface Draft {
  dialect: string
  input: Fields
  type: unknown
  /** Ours for this event where the dialect knows it better than the table of types. */
  mapped?: string
  eventName?: string
  timestamp: unknown
  /** The source's id; kept as ours only where that dialect's ids are unique. */
  sourceId?: unknown
  isIdUnique?: boolean
  agentId?: unknown
  sessionId?: unknown
  sessionKey?: unknown
  runId?: unknown
  toolCallId?: unknown
  correlationId?: unknown
  visibility?: unknown
  stream?: string
  seq?: number
  payload: unknown
  result?: unknown
  error?: EventError
  metadata?: Fields
  /** What has no place in our envelope: kept in `metadata.original`. */
  rest: Fields
}

/** The event of a draft. EVENT_INVALID where it has no type or no readable time. */
export function complete(draft: Draft, context: EntryContext): ClawEvent {
  const foreign = textIn(draft.type)
  if (foreign === undefined) throw invalid('it has no type')
  const type = draft.mapped ?? mappedType(foreign, {isError: isFailure(draft.payload)})
  const data = dataOf(type, draft.payload)
  const {timestamp, timeMs} = timeIn(draft.timestamp, context)
  const links = linksOf(draft)
  const eventId = idOf(draft, timeMs)
  const event: ClawEvent = {
    eventId,
    schemaVersion,
    timestamp,
    type,
    eventCategory: categoryOf(type),
    eventName: draft.eventName ?? foreign,
    source: 'import',
    agentId: nameIn(draft.agentId) ?? agentOfSession(links.sessionKey) ?? 'system',
    ...links,
    correlationId: textIn(draft.correlationId) ?? links.toolCallId ?? links.runId ?? eventId,
    visibility: visibilityOf(draft.visibility),
    ...defined({stream: draft.stream, seq: draft.seq, result: draft.result}),
    ...defined({error: draft.error ?? errorOf(type, data)}),
    data,
    metadata: metadataOf(draft, eventId, context),
  }
  assertNames(event)
  return event
}

/** An id that the source may have used for several events is not kept: its content tells them apart. */
function idOf({dialect, input, sourceId, isIdUnique}: Draft, timeMs: number): string {
  const id = textIn(sourceId)
  const fits = id !== undefined && Buffer.byteLength(id) <= limits.eventIdBytes
  return isIdUnique && fits ? id : contentId(timeMs, dialect, id ?? '', jsonText(input))
}

/** Epoch 0 stands in an id for a time that the source does not tell: another run must make the same id. */
export function timeIn(given: unknown, {receivedAt}: EntryContext): {timestamp: string; timeMs: number} {
  const timestamp = toTimestamp(given)
  if (timestamp !== undefined) return {timestamp, timeMs: Date.parse(timestamp)}
  if (given !== undefined && given !== null) throw invalid(`its time ${shortJson(given)} cannot be read`)
  if (receivedAt === undefined) throw invalid('it has no time')
  return {timestamp: new Date(receivedAt).toISOString(), timeMs: 0}
}

function linksOf(draft: Draft): Partial<Pick<ClawEvent, 'sessionId' | 'sessionKey' | 'runId' | 'toolCallId'>> {
  const {sessionId, sessionKey, runId, toolCallId} = draft
  return defined({
    sessionId: textIn(sessionId),
    sessionKey: textIn(sessionKey),
    runId: textIn(runId),
    toolCallId: textIn(toolCallId),
  })
}

/** The host writes session keys as `agent:<agentId>:<rest>`. */
export function agentOfSession(sessionKey: string | undefined): string | undefined {
  return /^agent:([^:]+):/.exec(sessionKey ?? '')?.[1]
}

const visibilities: readonly unknown[] = ['internal', 'public', 'confidential']

export function isVisibility(value: unknown): value is Visibility {
  return visibilities.includes(value)
}

/** Some tools know `secret`: what we do not know is kept at least as close as we can. */
export function visibilityOf(given: unknown): Visibility {
  if (isVisibility(given)) return given
  return given === undefined || given === null ? 'internal' : 'confidential'
}

function metadataOf({dialect, metadata, sourceId, rest}: Draft, eventId: string, context: EntryContext): Fields {
  return {
    ...metadata,
    ...(sourceId !== undefined && sourceId !== null && sourceId !== eventId ? {sourceId} : {}),
    ...(Object.keys(rest).length > 0 ? {original: rest} : {}),
    entry: entryOf(dialect, context),
  }
}

export function entryOf(dialect: string, {importedFrom, line}: EntryContext): Fields {
  return {how: 'import', dialect, ...defined({from: importedFrom, line})}
}

export function assertNames({type, agentId}: ClawEvent): void {
  for (const [name, value, limit] of [
    ['type', type, limits.typeBytes],
    ['agent id', agentId, limits.agentIdBytes],
  ] as const) {
    if (Buffer.byteLength(value) > limit) throw invalid(`its ${name} is longer than ${limit} bytes`)
  }
}

export function defined<T extends Fields>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}

export function invalid(why: string): ClawError {
  return new ClawError('EVENT_INVALID', `not an event that can be taken in: ${why}`)
}

export function shortJson(value: unknown): string {
  const text = jsonText(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
