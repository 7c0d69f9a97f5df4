import {messageOf} from '../errors.ts'
import {isObject} from '../event/json.ts'
import {parseIsoTime} from '../event/timestamp.ts'
import {decompressed} from '../input/decompress.ts'
import {recordBatches} from '../input/records.ts'
import {objectOf, rowOf, type TranscriptPlace, type TranscriptRow} from './transcript-row.ts'

/**
 * The rows of a JSONL archive, plain or compressed. An ordinary archive has one entry a line; one of cold storage wraps
 * them, and holds index data beside them. What is damaged is told, and what came before it is given.
 */
export async function* rowsOfLines(
  place: TranscriptPlace,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<TranscriptRow> {
  let at = 0
  try {
    for await (const batch of recordBatches(decompressed(chunks))) {
      for (const {line, text, fault} of batch) {
        if (fault === undefined && text.trim() === '') continue
        const record = fault === undefined ? objectOf(text) : undefined
        const stored = record && coldEntry(record)
        if (stored === 'index') continue
        if (stored) {
          const row = rowOf(place, stored)
          if (row) yield row
        } else if (record) {
          at = timeIn(record) ?? at
          const {onFault: _, ...owner} = place
          yield {...owner, seq: line - 1, at, event: record}
        } else {
          const {source, sessionId} = place
          place.onFault({source, sessionId, seq: line - 1, reason: fault ?? 'it is no JSON object'})
        }
      }
    }
  } catch (thrown) {
    place.onFault({source: place.source, sessionId: place.sessionId, reason: messageOf(thrown)})
  }
}

/** What a line of cold storage says: an entry, or something about the entries. Undefined for an ordinary line. */
function coldEntry({
  kind,
  type,
  row,
}: Record<string, unknown>): {seq: number; at: number; text: string} | 'index' | undefined {
  if (typeof kind !== 'string' || type !== undefined) return undefined
  if (kind !== 'event' || !isObject(row)) return 'index'
  const {seq, created_at: at, event_json: text} = row
  return {seq: Number(seq), at: Number(at), text: String(text)}
}

/** An entry's own time: `timestamp` is RFC 3339, in messages of old versions epoch milliseconds. */
function timeIn({timestamp, message}: Record<string, unknown>): number | undefined {
  const given = timestamp ?? (isObject(message) ? message['timestamp'] : undefined)
  const time = typeof given === 'string' ? parseIsoTime(given) : Number(given)
  return Number.isFinite(time) ? time : undefined
}
