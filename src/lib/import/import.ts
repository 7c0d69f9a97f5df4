import {ClawError, messageOf} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'
import {decompressed} from '../input/decompress.ts'
import {type InputRecord, recordBatches} from '../input/records.ts'
import type {EventStore} from '../store/port.ts'
import {eventOfLine, isSameEvent} from './event-of-line.ts'
import {untilAborted} from './until-aborted.ts'

export interface ImportResult {
  /** Lines that held something. */
  read: number
  appended: number
  /** Events whose id the log held already, conflicts among them. */
  duplicates: number
  /** The first `maxFaults` lines whose id the log holds with other content; null: some were there, and this store cannot compare. */
  conflicts: Array<{line: number; eventId: string}> | null
  conflictingLines: number | null
  /** The first `maxFaults` lines that are no events, each with its reason. */
  failed: Array<{line: number; reason: string}>
  /** All of them. */
  failedLines: number
  /** It was told to stop before the end of the input: what it counts is done. */
  interrupted: boolean
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
 * Takes in events of any dialect: one JSON object a line, or a JSON array of them, plain or compressed by gzip or zstd.
 * A bad one is reported, the rest goes in; again adds nothing. Told to stop, it says what it has done.
 */
export async function importEvents(chunks: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportResult> {
  const {signal, from, now} = options
  const context = {importedFrom: from, receivedAt: now()}
  const tally = createTally(options, context.receivedAt)
  let lastLine = 0
  try {
    for await (const records of recordBatches(decompressed(untilAborted(chunks, signal)))) {
      for (const record of records) {
        if (signal?.aborted) return await tally.finish()
        lastLine = record.line
        if (record.text.trim() === '' && record.fault === undefined) continue
        const event = tally.read(record, context)
        if (event) await tally.add(event, record)
      }
    }
  } catch (thrown) {
    // Compressed data that ends early: what came before it is taken in.
    if (!(thrown instanceof ClawError) || thrown.code !== 'INPUT_INVALID') throw thrown
    if (!signal?.aborted) tally.fail(lastLine + 1, thrown.message)
  }
  return tally.finish()
}

interface Tally {
  /** The event of a record; undefined, and counted as failed, where it is none. */
  read(record: InputRecord, context: {importedFrom: string; receivedAt: number}): ClawEvent | undefined
  fail(line: number, reason: string): void
  /** Appends when there are enough of them. */
  add(event: ClawEvent, record: InputRecord): Promise<void>
  finish(): Promise<ImportResult>
}

function createTally({store, signal, onProgress}: ImportOptions, receivedMs: number): Tally {
  const counts = {read: 0, appended: 0, duplicates: 0}
  const failed: ImportResult['failed'] = []
  const conflicts: Array<{line: number; eventId: string}> = []
  const receivedAt = new Date(receivedMs).toISOString()
  let failedLines = 0
  let conflictingLines = 0
  let canCompare = true
  let batch: ClawEvent[] = []
  let lines: number[] = []
  let characters = 0

  async function flush(): Promise<void> {
    const {appended, duplicates, differing} = await store.append(batch, {bulk: true, compare: true})
    counts.appended += appended
    counts.duplicates += duplicates
    // Where nothing was there already, nothing can differ.
    canCompare &&= differing !== undefined || duplicates === 0
    for (const {index, stored} of differing ?? []) {
      if (isSameEvent(stored, batch[index]!, {receivedAt})) continue
      conflictingLines++
      if (conflicts.length < maxFaults) conflicts.push({line: lines[index]!, eventId: stored.eventId})
    }
    batch = []
    lines = []
    characters = 0
    onProgress?.(counts)
  }

  function fail(line: number, reason: string): void {
    failedLines++
    if (failed.length < maxFaults) failed.push({line, reason})
  }

  return {
    fail,
    read(record, context) {
      counts.read++
      try {
        return eventOfLine(record, {...context, line: record.line})
      } catch (error) {
        fail(record.line, messageOf(error))
        return undefined
      }
    },
    async add(event, {line, text}) {
      batch.push(event)
      lines.push(line)
      characters += text.length
      if (batch.length >= batchEvents || characters >= batchCharacters) await flush()
    },
    async finish() {
      if (batch.length > 0) await flush()
      return {
        ...counts,
        conflicts: canCompare ? conflicts : null,
        conflictingLines: canCompare ? conflictingLines : null,
        failed,
        failedLines,
        interrupted: signal?.aborted ?? false,
      }
    },
  }
}
