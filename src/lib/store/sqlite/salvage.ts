import {setImmediate} from 'node:timers/promises'
import {messageOf} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import type {EventTest} from '../../filter/compile.ts'
import type {LostEvents} from '../port.ts'
import {countErased} from './erased.ts'
import {logRow} from './head.ts'
import type {LogFile} from './log-file.ts'
import {positionOf} from './position.ts'
import {eventOf, type Row} from './row-event.ts'

export interface Salvage {
  file: LogFile
  /** Sequence numbers: after `low`, up to `high`. */
  low: number
  high: number
  test: EventTest
  onLost: (lost: LostEvents) => void
  signal?: AbortSignal
}

const pieceRows = 64
const turnMs = 15

/**
 * Yields what can still be read of a damaged log, by sequence number and without any index: a piece at a time, and one
 * by one where a piece fails. Each stretch that is lost is told of when it ends.
 */
export async function* salvageEvents({file, low, high, test, onLost, signal}: Salvage): AsyncGenerator<StoredEvent> {
  const losses = createLosses(file, onLost)
  const start = Math.max(low, prunedSeq(file))
  let turnStart = performance.now()
  for (let after = start; after < high; after += pieceRows) {
    const end = Math.min(after + pieceRows, high)
    for (const {seq, found, reason} of pieceOf(file, after, end)) {
      if (found === undefined) losses.add(seq, reason ?? 'it is not there any more')
      else {
        losses.end()
        if (test(found)) yield found
      }
    }
    signal?.throwIfAborted()
    if (performance.now() - turnStart > turnMs) {
      await setImmediate()
      turnStart = performance.now()
    }
  }
  losses.end()
}

interface Place {
  seq: number
  found?: StoredEvent
  reason?: string
}

function* pieceOf(file: LogFile, after: number, end: number): Generator<Place> {
  const rows = wholePiece(file, after, end)
  for (let seq = after + 1; seq <= end; seq++) {
    try {
      const row = rows ? rows.get(seq) : rowAt(file, seq)
      yield {seq, found: row && eventOf(row, file.path)}
    } catch (thrown) {
      yield {seq, reason: messageOf(thrown)}
    }
  }
}

const columns = 'SELECT seq, body, stored_at FROM events NOT INDEXED'

function wholePiece(file: LogFile, after: number, end: number): Map<number, Row> | undefined {
  try {
    const rows = file.reader().sql(`${columns} WHERE seq > ? AND seq <= ?`).all(after, end)
    return new Map(rows.map((row) => [Number(row['seq']), rowOf(row)]))
  } catch {
    return undefined
  }
}

function rowAt(file: LogFile, seq: number): Row | undefined {
  const row = file.reader().sql(`${columns} WHERE seq = ?`).get(seq)
  return row && rowOf(row)
}

function rowOf(row: Record<string, unknown>): Row {
  return {seq: Number(row['seq']), body: String(row['body']), storedAt: Number(row['stored_at'])}
}

/** Where the log says that it begins; 0 where that cannot be read either. */
function prunedSeq(file: LogFile): number {
  try {
    return Number(logRow(file.reader(), 'pruned_seq')['pruned_seq'])
  } catch {
    return 0
  }
}

/** Joins neighbours that are lost for one reason. What was erased on purpose is not lost. */
function createLosses(file: LogFile, onLost: (lost: LostEvents) => void) {
  let first = 0
  let last = 0
  let reason = ''

  function end(): void {
    if (first === 0) return
    const events = last - first + 1 - erasedIn(file, first - 1, last)
    if (events > 0) onLost({first: positionOf(first), last: positionOf(last), events, reason})
    first = 0
  }

  return {
    end,
    add(seq: number, why: string): void {
      if (first !== 0 && why !== reason) end()
      if (first === 0) first = seq
      last = seq
      reason = why
    },
  }
}

function erasedIn(file: LogFile, after: number, last: number): number {
  try {
    return countErased(file.reader(), after, last)
  } catch {
    return 0
  }
}
