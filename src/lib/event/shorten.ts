import {createHash} from 'node:crypto'
import {ClawError} from '../errors.ts'
import {type ClawEvent, identityFields} from './envelope.ts'
import {flattenDeep, jsonText, ownObject} from './json.ts'
import {cutToJsonBytes, jsonBytes} from './json-bytes.ts'

/** What `metadata.truncated` says of each cut: where (RFC 6901), and the original's UTF-8 bytes and digest. */
export interface Cut {
  path: string
  bytes: number
  sha256: string
}

/** Names that identify an event are never cut while anything else can be. */
const keptFields = new Set<string>(identityFields)

/**
 * The event as one of at most `maxBytes` of JSON: itself when it fits, otherwise a copy with its longest strings cut,
 * each noted in `metadata.truncated`. Where that is not enough `data`, then all but the envelope, gives way to a note.
 */
export function shorten(event: ClawEvent, maxBytes: number): ClawEvent {
  return serialize(event, maxBytes).event
}

/** `shorten`, together with the JSON text of the result. */
export function serialize(event: ClawEvent, maxBytes: number): {json: string; event: ClawEvent} {
  const whole = stringify(event)
  // UTF-8 needs at most three bytes for a UTF-16 unit, so most events need no count.
  if (whole.json.length * 3 <= maxBytes || Buffer.byteLength(whole.json) <= maxBytes) return whole
  for (const reduce of [unchanged, withoutData, bareEnvelope]) {
    const shorter = cutStrings(reduce(whole.event), maxBytes)
    const json = JSON.stringify(shorter)
    if (Buffer.byteLength(json) <= maxBytes) return {json, event: shorter}
  }
  throw new ClawError('EVENT_INVALID', `event ${event.eventId}: its envelope alone is larger than ${maxBytes} bytes`)
}

function stringify(event: ClawEvent): {json: string; event: ClawEvent} {
  try {
    return {json: JSON.stringify(event), event}
  } catch (thrown) {
    // The stack ran out, so the event is thousands of levels deep and no other reader would get through it either.
    if (!(thrown instanceof RangeError)) throw thrown
    const flat = flattenDeep(event)
    return {json: JSON.stringify(flat), event: flat}
  }
}

function unchanged(event: ClawEvent): ClawEvent {
  return event
}

function withoutData(event: ClawEvent): ClawEvent {
  const {path, bytes, sha256} = cutOf('/data', jsonText(event.data))
  const toolName = event.data?.['toolName']
  // The tool's name is what tool events are found by.
  const kept = typeof toolName === 'string' && toolName.length <= 256 ? {toolName} : {}
  return withCuts({...event, data: {...kept, truncated: {bytes, sha256}}}, [{path, bytes, sha256}])
}

function bareEnvelope(event: ClawEvent): ClawEvent {
  const {path, bytes, sha256} = cutOf('', jsonText(event))
  const kept = Object.entries(event).filter(([key]) => keptFields.has(key))
  const envelope = kept.map(
    ([key, value]) => [key, typeof value === 'string' ? cutToJsonBytes(value, 512) : value] as const,
  )
  return {...(ownObject(envelope) as unknown as ClawEvent), data: {}, metadata: {truncated: [{path, bytes, sha256}]}}
}

interface LongString extends Cut {
  text: string
  /** Bytes as JSON, without the quotes. */
  size: number
  /** Bytes that the note of its cut adds. */
  noteSize: number
}

/** Cuts all strings to one common length: the largest with which the event fits, so that only the longest lose. */
function cutStrings(event: ClawEvent, maxBytes: number): ClawEvent {
  const tooMany = Buffer.byteLength(JSON.stringify(event)) - maxBytes
  if (tooMany <= 0) return event
  const strings = longStringsOf(event)
  const length = commonLength(strings, tooMany + Buffer.byteLength('"metadata":{"truncated":[]},'))
  const cuts = new Map(strings.filter(({size, noteSize}) => size > length + noteSize).map((one) => [one.path, one]))
  const shorter = mapStrings(event, '', (text, path) => (cuts.has(path) ? cutToJsonBytes(text, length) : text))
  return withCuts(
    shorter as ClawEvent,
    [...cuts.values()].map(({path, bytes, sha256}) => ({path, bytes, sha256})),
  )
}

/** The largest length that saves `excess` bytes, by halving; 0 when even cutting everything does not. */
function commonLength(strings: readonly LongString[], excess: number): number {
  const saved = (length: number) =>
    strings.reduce((sum, {size, noteSize}) => sum + Math.max(0, size - length - noteSize), 0)
  let enough = 0
  let tooLong = Math.max(0, ...strings.map(({size}) => size)) + 1
  while (tooLong - enough > 1) {
    const middle = Math.floor((enough + tooLong) / 2)
    if (saved(middle) >= excess) enough = middle
    else tooLong = middle
  }
  return enough
}

/** The strings that are worth a cut: shorter ones would save less than their note costs. */
function longStringsOf(event: ClawEvent): LongString[] {
  const found: LongString[] = []
  mapStrings(event, '', (text, path) => {
    if (text.length > 64) found.push(longString(path, text))
    return text
  })
  return found
}

function longString(path: string, text: string): LongString {
  const cut = cutOf(path, text)
  return {...cut, text, size: jsonBytes(text), noteSize: Buffer.byteLength(JSON.stringify(cut)) + 1}
}

function cutOf(path: string, text: string): Cut {
  return {path, bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex')}
}

function withCuts(event: ClawEvent, cuts: readonly Cut[]): ClawEvent {
  const noted = event.metadata?.['truncated']
  const earlier: Array<Partial<Cut>> = Array.isArray(noted) ? noted : []
  // A string that is cut twice keeps the note of its whole.
  const paths = new Set(earlier.map((cut) => cut?.path))
  return {
    ...event,
    metadata: {...event.metadata, truncated: [...earlier, ...cuts.filter(({path}) => !paths.has(path))]},
  }
}

/** A copy with every string of the payload mapped; recursion is safe since `stringify` got through the event. */
function mapStrings(value: unknown, path: string, map: (text: string, path: string) => string): unknown {
  if (typeof value === 'string') return map(value, path)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item, index) => mapStrings(item, `${path}/${index}`, map))
  return ownObject(
    Object.entries(value).map(([key, item]) => {
      const isKept = path === '' ? keptFields.has(key) : path === '/metadata' && key === 'truncated'
      return [key, isKept ? item : mapStrings(item, `${path}/${escapePointer(key)}`, map)]
    }),
  )
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
