import {messageOf} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'
import {normalize} from '../event/normalize.ts'
import {type InputRecord, recordBatches} from '../input/records.ts'
import type {EventStore} from '../store/port.ts'

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

/**
 * Takes in events of any dialect: one JSON object a line, or a JSON array of them. A bad one is reported, the rest goes
 * in; again adds nothing.
 */
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
  for await (const records of recordBatches(chunks)) {
    signal?.throwIfAborted()
    for (const record of records) {
      if (record.text.trim() === '' && record.fault === undefined) continue
      result.read++
      try {
        batch.push(eventOf(record, options))
        characters += record.text.length
      } catch (error) {
        result.failedLines++
        if (result.failed.length < maxFaults) result.failed.push({line: record.line, reason: messageOf(error)})
      }
      if (batch.length >= batchEvents || characters >= batchCharacters) await flush()
    }
  }
  if (batch.length > 0) await flush()
  return result
}

function eventOf({line, text, fault}: InputRecord, {from, now}: ImportOptions): ClawEvent {
  if (fault !== undefined) throw new Error(fault)
  return normalize(JSON.parse(text), {importedFrom: from, line, receivedAt: now()})
}
