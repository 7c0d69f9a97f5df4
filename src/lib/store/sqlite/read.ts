import {setImmediate} from 'node:timers/promises'
import {ClawError} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import {compileFilter} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {ReadRange} from '../port.ts'
import type {Bounds} from './bounds.ts'
import {boundsOf, endOf, restOf, startOf} from './bounds.ts'
import {storeFault} from './faults.ts'
import {lastSeq} from './head.ts'
import type {LogFile} from './log-file.ts'
import type {Path} from './path.ts'
import {choosePath} from './path.ts'
import {positionOf} from './position.ts'
import {walkSeqs} from './seqs.ts'
import type {Query, Session} from './session.ts'

/** A read stops the event loop for this long at most. */
const longestStretchMs = 15

/** Yields what a call of `EventStore.read` asks for. */
export async function* readLog(session: Session, filter: Filter, range: ReadRange): AsyncGenerator<StoredEvent> {
  const {file, assertOpen, guarded} = session
  const {signal} = range
  const bounds = await guarded(() => boundsOf(range, lastSeq(file.reader())), signal)
  const query = await guarded(() => session.queryOf(filter, signal))
  let left = range.limit || Number.POSITIVE_INFINITY
  try {
    for await (const event of readEvents(file, query, bounds, signal)) {
      yield event
      assertOpen()
      if (--left === 0) return
    }
  } catch (thrown) {
    assertOpen()
    signal?.throwIfAborted()
    throw storeFault(thrown, file.path)
  }
}

/**
 * Yields the events within the bounds that the filter lets through. Nothing of the file is held between two events,
 * so a slow reader is in nobody's way, and what is pruned meanwhile is left out.
 */
export async function* readEvents(
  file: LogFile,
  {filter, test, findText}: Query,
  bounds: Bounds,
  signal?: AbortSignal,
): AsyncGenerator<StoredEvent> {
  const path = await choosePath(file, filter, bounds, findText)
  const matches = path.isTextDone ? await compileFilter({...filter, text: undefined}) : test
  let stretchStart = performance.now()
  for (const row of rowsOf(file, path, bounds)) {
    const event = row && eventOf(row, file.path)
    if (event && matches(event)) yield event
    signal?.throwIfAborted()
    if (performance.now() - stretchStart > longestStretchMs) {
      await setImmediate()
      stretchStart = performance.now()
    }
  }
}

interface Row {
  seq: number
  body: string
  storedAt: number
}

/** Undefined stands for a stretch in which none was found. */
function rowsOf(file: LogFile, {seqs}: Path, bounds: Bounds): Iterable<Row | undefined> {
  return seqs ? fetchRows(file, walkSeqs(seqs, bounds)) : scanRows(file, bounds)
}

function* fetchRows(file: LogFile, seqs: Iterable<number | undefined>): Generator<Row | undefined> {
  for (const seq of seqs) {
    const row = seq && file.reader().sql('SELECT body, stored_at FROM events WHERE seq = ?').get(seq)
    if (!row) yield undefined
    else yield {seq, body: String(row['body']), storedAt: Number(row['stored_at'])}
  }
}

const firstPiece = 64
const largestPiece = 1024
/** A piece of large events is cut short, so that a reader's memory does not depend on their size. */
const pieceLength = 2 ** 20

function* scanRows(file: LogFile, bounds: Bounds): Generator<Row> {
  const query = `SELECT seq, body, stored_at FROM events WHERE ${restOf(bounds, 'seq')}`
  const end = endOf(bounds)
  let after = startOf(bounds)
  for (let size = firstPiece; ; size = Math.min(size * 2, largestPiece)) {
    const piece: Row[] = []
    let length = 0
    for (const row of file.reader().sql(query).iterate(after, end, size)) {
      const body = String(row['body'])
      piece.push({seq: Number(row['seq']), body, storedAt: Number(row['stored_at'])})
      length += body.length
      if (length > pieceLength) break
    }
    yield* piece
    after = piece.at(-1)?.seq ?? end
    if (piece.length < size && length <= pieceLength) return
  }
}

function eventOf({seq, body, storedAt}: Row, path: string): StoredEvent {
  try {
    return Object.assign(JSON.parse(body), {position: positionOf(seq), storedAt: new Date(storedAt).toISOString()})
  } catch (thrown) {
    throw new ClawError('STORE_CORRUPT', `event ${positionOf(seq)} of the event log ${path} is damaged: no JSON`, {
      suggestions: ['`claw-events stream verify` lists all damaged events'],
      cause: thrown,
    })
  }
}
