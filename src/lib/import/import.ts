import {messageOf} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'
import {normalize} from '../event/normalize.ts'
import type {EventStore} from '../store/port.ts'
import {type Line, linesOf} from './lines.ts'

export interface ImportResult {
  /** Lines that held something. */
  read: number
  appended: number
  duplicates: number
  /** The first `maxFaults` lines that are no events, each with its reason. */
  failed: Array<{line: number; reason: string}>
  /** All of them. */
  failedLines: number
}

export interface ImportOptions {
  store: EventStore
  /** The file's name, kept in each event's metadata. */
  from: string
  now: () => number
  signal?: AbortSignal
  onProgress?: (progress: {read: number}) => void
}

const batchEvents = 500
const batchCharacters = 8 * 1024 * 1024
const maxFaults = 1000

/** Takes in events of any dialect, one JSON object a line. A bad line is reported, the rest goes in; again adds nothing. */
export async function importEvents(chunks: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportResult> {
  const {store, signal, onProgress} = options
  const result: ImportResult = {read: 0, appended: 0, duplicates: 0, failed: [], failedLines: 0}
  let batch: ClawEvent[] = []
  let characters = 0
  const flush = async () => {
    const {appended, duplicates} = await store.append(batch, {bulk: true})
    result.appended += appended
    result.duplicates += duplicates
    batch = []
    characters = 0
    onProgress?.(result)
  }
  for await (const line of linesOf(chunks)) {
    signal?.throwIfAborted()
    if (line.text?.trim() === '') continue
    result.read++
    try {
      batch.push(eventOf(line, options))
      characters += line.text?.length ?? 0
    } catch (error) {
      result.failedLines++
      if (result.failed.length < maxFaults) result.failed.push({line: line.number, reason: messageOf(error)})
    }
    if (batch.length >= batchEvents || characters >= batchCharacters) await flush()
  }
  if (batch.length > 0) await flush()
  return result
}

function eventOf({text, number}: Line, {from, now}: ImportOptions): ClawEvent {
  if (text === undefined) throw new Error('the line is longer than 64 MiB')
  return normalize(JSON.parse(text), {importedFrom: from, line: number, receivedAt: now()})
}
