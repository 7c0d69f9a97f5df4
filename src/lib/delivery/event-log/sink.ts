import type {EventLogSettings} from '../../config/schema/delivery.ts'
import {messageOf} from '../../errors.ts'
import type {Position, StoredEvent} from '../../event/envelope.ts'
import {everything} from '../../filter/filter.ts'
import {inBatches} from '../batches.ts'
import {type DiagnosticLevel, type Diagnostics, diagnosticLevels} from '../diagnostics.ts'
import type {Outgoing} from '../outgoing.ts'
import type {Sink, SinkContext, SinkStatus} from '../sink.ts'
import {lastLines, type NdjsonFile, openNdjsonFile} from './file.ts'
import {eventLine, positionInLine, runtimeLine} from './records.ts'

export interface EventLogOptions {
  settings: Omit<EventLogSettings, 'path' | 'enabled' | 'confidential'> & {/** Absolute. */ path: string}
  outgoing: Outgoing
  /** Signs or otherwise completes what is written. */
  finish: (event: StoredEvent) => StoredEvent
  /** Removes secrets from what the program says of itself. */
  redactText: (text: string) => string
  now: () => number
}

/** The event log: what leaves by it, and, where asked for, what the program says of itself. */
export interface EventLogSink extends Sink {
  /** The same diagnostics, with a copy in the file. */
  tee(diagnostics: Diagnostics): Diagnostics
}

const reader = 'event-log'
const batchEvents = 500
/** Runtime records that wait while the file cannot be written; beyond it the oldest go. */
const mostRecords = 1000
const recordsMs = 500
/** Where the last event of a file is looked for: an event has at most 5 MB. */
const tailBytes = 6 * 1024 * 1024

/** Writes events to an NDJSON file that rotates. Each event once, also after a crash: the file says how far it got. */
export function createEventLogSink(options: EventLogOptions): EventLogSink {
  const {settings, outgoing, finish, redactText, now} = options
  const {format, path, includeRuntimeLogs, minLevel} = settings
  const status: SinkStatus = {reader, state: 'stopped', delivered: 0, failed: 0, waiting: 0, details: {path}}
  let records: string[] = []

  async function run(context: SinkContext): Promise<void> {
    status.state = 'starting'
    const file = await openNdjsonFile({
      path,
      maxBytes: settings.maxFileSizeMb * 1024 * 1024,
      keepFiles: settings.keepFiles,
    }).catch((error) => {
      throw failed(`the event log ${path} cannot be written: ${messageOf(error)}`)
    })
    try {
      const from = await startOf(context)
      status.state = 'running'
      delete status.reason
      const timer = setInterval(() => void writeRecords(file), recordsMs)
      timer.unref()
      await copyEvents(context, file, from).finally(() => clearInterval(timer))
      await writeRecords(file)
      status.state = 'stopped'
    } catch (error) {
      throw failed(`the event log ${path} cannot be written: ${messageOf(error)}`)
    } finally {
      await file.close().catch(() => undefined)
    }
  }

  function failed(reason: string): Error {
    status.state = 'failed'
    status.reason = reason
    status.failed++
    return new Error(reason)
  }

  /** Behind the last event that the file holds, or the cursor where that is further: some events are filtered out. */
  async function startOf({state, store, log, startAt}: SinkContext): Promise<Position> {
    const cursor = await state.cursor(reader)
    if (cursor?.log === log) {
      const written = await lastWritten(path)
      return written !== undefined && written > cursor.position ? written : cursor.position
    }
    const position = startAt === 'start' ? '' : ((await store.head()) ?? '')
    await state.commit({reader, cursor: {log, position}})
    return position
  }

  // Lines of two sources go to one file: one write after the other.
  let writing: Promise<unknown> = Promise.resolve()
  function inTurn(file: NdjsonFile, lines: readonly string[]): Promise<void> {
    const written = writing.then(() => file.write(lines))
    writing = written.catch(() => undefined)
    return written
  }

  async function copyEvents({store, state, log, signal}: SinkContext, file: NdjsonFile, from: Position) {
    for await (const batch of inBatches(store.follow(everything, {from, signal}), batchEvents)) {
      const wanted = batch.filter(outgoing.wants)
      const lines = wanted.map((event) => eventLine(finish(outgoing.prepare(event)), format))
      if (lines.length > 0) await inTurn(file, lines)
      const position = batch.at(-1)!.position
      await state.commit({reader, cursor: {log, position}})
      status.delivered += lines.length
      status.position = position
    }
  }

  /** They are worth less than events: a failure keeps them for later, and shows when an event is written. */
  async function writeRecords(file: NdjsonFile): Promise<void> {
    const lines = records
    records = []
    if (lines.length === 0) return
    await inTurn(file, lines).catch(() => {
      records = [...lines, ...records].slice(-mostRecords)
    })
  }

  function note(level: DiagnosticLevel, message: string): void {
    if (diagnosticLevels.indexOf(level) < diagnosticLevels.indexOf(minLevel)) return
    if (records.length >= mostRecords) records.shift()
    records.push(runtimeLine(level, redactText(message), now()))
  }

  return {
    reader,
    run,
    status: () => ({...status}),
    tee(diagnostics) {
      if (!includeRuntimeLogs) return diagnostics
      const both = (level: DiagnosticLevel) => (message: string) => {
        diagnostics[level](message)
        note(level, message)
      }
      return {debug: both('debug'), info: both('info'), warn: both('warn'), error: both('error')}
    },
  }
}

/** The position of the last event in the file, or in the one before where it was just begun. */
async function lastWritten(path: string): Promise<Position | undefined> {
  for (const file of [path, `${path}.1`]) {
    for (const line of await lastLines(file, tailBytes)) {
      const position = positionInLine(line)
      if (position !== undefined) return position
    }
  }
  return undefined
}
