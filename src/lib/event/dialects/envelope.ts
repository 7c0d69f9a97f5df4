import {categoryOf} from '../catalogue.ts'
import {type ClawEvent, limits, schemaVersion} from '../envelope.ts'
import {contentId} from '../id.ts'
import {isObject, jsonText} from '../json.ts'
import {isTimestamp} from '../timestamp.ts'
import {
  agentOfSession,
  assertNames,
  defined,
  type EntryContext,
  entryOf,
  invalid,
  isVisibility,
  shortJson,
  timeIn,
  visibilityOf,
} from './complete.ts'
import {type Fields, nameIn, numberIn, own, textIn, without} from './fields.ts'

const requiredTexts = ['schemaVersion', 'eventCategory', 'eventName', 'source', 'correlationId'] as const
const optionalTexts = ['sessionId', 'sessionKey', 'runId', 'toolCallId', 'stream'] as const

/** Whether this is our own envelope, complete and in our form, so that nothing needs to be done to it. */
export function isOwnEvent(input: Fields): input is Fields & ClawEvent {
  const {eventId, timestamp, type, agentId, metadata, error} = input
  return (
    isName(eventId, limits.eventIdBytes) &&
    isName(type, limits.typeBytes) &&
    nameIn(agentId) !== undefined &&
    isName(agentId, limits.agentIdBytes) &&
    typeof timestamp === 'string' &&
    isTimestamp(timestamp) &&
    requiredTexts.every((name) => typeof input[name] === 'string') &&
    isVisibility(input['visibility']) &&
    isObject(input['data']) &&
    optionalTexts.every((name) => input[name] === undefined || typeof input[name] === 'string') &&
    (input['seq'] === undefined || typeof input['seq'] === 'number') &&
    (metadata === undefined || isObject(metadata)) &&
    (error === undefined || (isObject(error) && typeof error['message'] === 'string'))
  )
}

function isName(value: unknown, limitBytes: number): value is string {
  if (typeof value !== 'string' || value === '') return false
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return value.length * 3 <= limitBytes || Buffer.byteLength(value) <= limitBytes
}

/**
 * The event-server plugin's envelope (S3), also as a log or WebSocket line and as a summary without an id, and any
 * envelope of ours that lacks something. Known fields of the wrong kind move to `metadata.original`.
 */
export function readEnvelope(input: Fields, context: EntryContext): ClawEvent {
  const type = textIn(input['type'])
  if (type === undefined) throw invalid('it has no type')
  const {timestamp, timeMs} = timeIn(input['timestamp'], context)
  const links = defined(Object.fromEntries(optionalTexts.map((name) => [name, textIn(own(input, name))])))
  const {eventId: given} = input
  const eventId = isName(given, limits.eventIdBytes) ? given : contentId(timeMs, 'event-server', jsonText(input))
  const event: ClawEvent = {
    ...without(input, knownNames),
    eventId,
    schemaVersion: textIn(input['schemaVersion']) ?? schemaVersion,
    timestamp,
    type,
    eventCategory: textIn(input['eventCategory']) ?? categoryOf(type),
    eventName: textIn(input['eventName']) ?? type,
    source: textIn(input['source']) ?? 'import',
    agentId: nameIn(input['agentId']) ?? agentOfSession(textIn(input['sessionKey'])) ?? 'system',
    ...links,
    correlationId: textIn(input['correlationId']) ?? links['toolCallId'] ?? links['runId'] ?? eventId,
    visibility: visibilityOf(input['visibility']),
    ...defined({seq: numberIn(input['seq']), result: input['result'], error: errorIn(input['error'])}),
    data: dataIn(input['data']),
    metadata: {
      ...(isObject(input['metadata']) ? input['metadata'] : {}),
      ...misfits(input),
      entry: entryOf('event-server', context),
    },
  }
  assertNames(event)
  return event
}

const knownNames = [
  'eventId',
  'timestamp',
  'type',
  'agentId',
  'visibility',
  'seq',
  'result',
  'error',
  'data',
  'metadata',
  ...requiredTexts,
  ...optionalTexts,
]

function dataIn(data: unknown): Fields {
  if (isObject(data)) return data
  return data === undefined || data === null ? {} : {value: data}
}

function errorIn(error: unknown): ClawEvent['error'] {
  if (error === undefined || error === null) return undefined
  if (!isObject(error)) return {message: typeof error === 'string' ? error : shortJson(error)}
  return {...error, message: textIn(error['message']) ?? 'no message was recorded'}
}

/** Known fields that hold something which our envelope cannot: nothing that was recorded gets lost. */
function misfits(input: Fields): {original?: Fields} {
  const texts = ['eventId', 'agentId', ...requiredTexts, ...optionalTexts]
  const wrong = texts.filter((name) => isMisfit(own(input, name), (value) => typeof value === 'string'))
  if (typeof input['eventId'] === 'string' && !isName(input['eventId'], limits.eventIdBytes)) wrong.push('eventId')
  if (isMisfit(input['seq'], (value) => numberIn(value) !== undefined)) wrong.push('seq')
  if (isMisfit(input['visibility'], isVisibility)) wrong.push('visibility')
  if (isMisfit(input['metadata'], isObject)) wrong.push('metadata')
  if (isMisfit(input['error'], (value) => typeof value === 'string' || isObject(value))) wrong.push('error')
  return wrong.length > 0 ? {original: Object.fromEntries(wrong.map((name) => [name, input[name]]))} : {}
}

function isMisfit(value: unknown, fits: (value: unknown) => boolean): boolean {
  return value !== undefined && value !== null && !fits(value)
}
