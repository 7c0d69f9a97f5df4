import {lastSeq} from './head.ts'
import type {LogFile} from './log-file.ts'

/** What is counted piece by piece: the log, or a time where nothing but that is asked for. */
export interface CountPlace {
  /** Epoch milliseconds, `since` inclusive, `until` exclusive; `{}` stands for any time and none. */
  times?: {since?: number; until?: number}
}

export type Condition = [sql: string, ...parameters: Array<string | number>]

/** What the next piece, of about so many events, fulfils; undefined at the end. */
type Walk = (size: number) => Condition | undefined

/** How long the event loop may stand still, about: pieces grow and shrink to that. */
const pieceMs = 15
const firstSize = 512
const largestSize = 2 ** 18

/** Pieces that together are the whole place. How long the caller takes for one tells how large the next may be. */
export function* piecesOf(file: LogFile, {times}: CountPlace): Generator<Condition> {
  const next = times ? walkTime(file, times) : walkLog(file)
  let size = firstSize
  for (let piece = next(size); piece; piece = next(size)) {
    const start = performance.now()
    yield piece
    const factor = pieceMs / Math.max(performance.now() - start, 1)
    size = Math.ceil(Math.min(size * Math.min(factor, 4), largestSize))
  }
}

function walkLog(file: LogFile): Walk {
  const last = lastSeq(file.reader())
  let low = numberOf(file, 'SELECT min(seq) - 1 AS number FROM events') ?? last
  return (size) => {
    if (low >= last) return undefined
    const high = Math.min(low + size, last)
    const piece: Condition = ['seq > ? AND seq <= ?', low, high]
    low = high
    return piece
  }
}

function walkTime(file: LogFile, {since, until}: {since?: number; until?: number}): Walk {
  const first = numberOf(file, 'SELECT min(ts) AS number FROM events')
  const last = numberOf(file, 'SELECT max(ts) AS number FROM events')
  const end = Math.min(until ?? Number.POSITIVE_INFINITY, (last ?? Number.NEGATIVE_INFINITY) + 1)
  let from = Math.max(since ?? Number.NEGATIVE_INFINITY, first ?? Number.POSITIVE_INFINITY)
  let isTimelessDue = since === undefined && until === undefined
  const boundary =
    'SELECT ts AS number FROM events INDEXED BY by_ts WHERE ts >= ? AND ts < ? ORDER BY ts LIMIT 1 OFFSET ?'
  return (size) => {
    if (isTimelessDue) {
      isTimelessDue = false
      return ['ts IS NULL']
    }
    if (from >= end) return undefined
    // Events of one millisecond are one piece, however many.
    const to = Math.max(numberOf(file, boundary, from, end, size) ?? end, from + 1)
    const piece: Condition = ['ts >= ? AND ts < ?', from, to]
    from = to
    return piece
  }
}

function numberOf(file: LogFile, query: string, ...parameters: number[]): number | undefined {
  const number = file
    .reader()
    .sql(query)
    .get(...parameters)?.['number']
  return number === null || number === undefined ? undefined : Number(number)
}
