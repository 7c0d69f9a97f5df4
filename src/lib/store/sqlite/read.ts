import {setImmediate} from 'node:timers/promises'
import type {StoredEvent} from '../../event/envelope.ts'
import {compileFilter} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {ReadRange} from '../port.ts'
import type {Bounds} from './bounds.ts'
import {boundsOf, endOf, restOf, startOf} from './bounds.ts'
import {storeFault} from './faults.ts'
import {lastSeq, lastSeqAtAll} from './head.ts'
import type {LogFile} from './log-file.ts'
import type {Path} from './path.ts'
import {choosePath} from './path.ts'
import {seqOf} from './position.ts'
import {createEventReader, type Row} from './row-event.ts'
import {salvageEvents} from './salvage.ts'
import {walkSeqs} from './seqs.ts'
import type {Query, Session} from './session.ts'

/** A read stops the event loop for this long at most. */
const longestStretchMs = 15

/** Yields what a call of `EventStore.read` asks for. */
export async function* readLog(session: Session, filter: Filter, range: ReadRange): AsyncGenerator<StoredEvent> {
  const {file, assertOpen, guarded} = session
  const {signal, onLost} = range
  const newest = onLost ? lastSeqAtAll : lastSeq
  const bounds = await guarded(() => boundsOf(range, newest(file.reader())), signal)
  const query = await guarded(() => session.queryOf(filter, signal))
  let left = range.limit || Number.POSITIVE_INFINITY
  try {
    for await (const event of eventsOf(file, query, bounds, range)) {
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

/** With `onLost`, what is damaged is passed over from where it is met. */
async function* eventsOf(file: LogFile, query: Query, bounds: Bounds, {signal, onLost}: ReadRange) {
  let {low} = bounds
  try {
    for await (const event of readEvents(file, query, bounds, signal)) {
      low = seqOf(event.position)
      yield event
    }
  } catch (thrown) {
    const isDamage = storeFault(thrown, file.path).code === 'STORE_CORRUPT'
    if (!isDamage || onLost === undefined || bounds.isDescending) throw thrown
    yield* salvageEvents({file, low, high: bounds.high, test: query.test, onLost, signal})
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
  const eventOf = createEventReader(file.path)
  let stretchStart = performance.now()
  for (const row of rowsOf(file, path, bounds)) {
    const event = row && eventOf(row)
    if (event && matches(event)) yield event
    signal?.throwIfAborted()
    if (performance.now() - stretchStart > longestStretchMs) {
      await setImmediate()
      stretchStart = performance.now()
    }
  }
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
    for (const [seq, text, storedAt] of file.reader().lists(query).iterate(after, end, size)) {
      const body = String(text)
      piece.push({seq: Number(seq), body, storedAt: Number(storedAt)})
      length += body.length
      if (length > pieceLength) break
    }
    yield* piece
    after = piece.at(-1)?.seq ?? end
    if (piece.length < size && length <= pieceLength) return
  }
}
