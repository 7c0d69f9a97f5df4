import type {Bounds} from './bounds.ts'
import {endOf, restOf, startOf} from './bounds.ts'
import type {LogFile} from './log-file.ts'
import type {Place} from './places.ts'

/** Sequence numbers are fetched in growing pieces: a short query touches little, a long one asks seldom. */
const firstPiece = 16
const largestPiece = 1024

/** The sequence numbers found at any of the places, in the order of the bounds, each once. */
export function* mergePlaces(file: LogFile, places: readonly Place[], bounds: Bounds): Generator<number> {
  const isBefore = bounds.isDescending ? (a: number, b: number) => a > b : (a: number, b: number) => a < b
  const heap = createHeap(isBefore)
  for (const place of places) heap.push(cursorAt(file, place, bounds))
  let last: number | undefined
  for (let seq = heap.next(); seq !== undefined; seq = heap.next()) {
    // An event may lie at two places: its session's key and its session's id may be the same.
    if (seq !== last) yield seq
    last = seq
  }
}

interface Cursor {
  head: number | undefined
  advance(): void
}

function cursorAt(file: LogFile, {from, seq, parameters}: Place, bounds: Bounds): Cursor {
  const query = `SELECT ${seq} AS seq FROM ${from} AND ${restOf(bounds, seq)}`
  const end = endOf(bounds)
  let piece: number[] = []
  let at = 0
  let size = firstPiece
  let isLastPiece = false

  function fetch(after: number): void {
    const rows = file
      .reader()
      .sql(query)
      .all(...parameters, after, end, size)
    piece = rows.map((row) => Number(row['seq']))
    isLastPiece = rows.length < size
    size = Math.min(size * 4, largestPiece)
    at = 0
  }

  fetch(startOf(bounds))
  const cursor: Cursor = {
    head: piece[0],
    advance() {
      at++
      if (at === piece.length && !isLastPiece) fetch(piece[at - 1]!)
      cursor.head = piece[at]
    },
  }
  return cursor
}

/** A binary heap of cursors, the one whose number comes first at the top. */
function createHeap(isBefore: (a: number, b: number) => boolean) {
  const cursors: Cursor[] = []
  const comesFirst = (a: number, b: number) => isBefore(cursors[a]!.head!, cursors[b]!.head!)

  function swap(a: number, b: number): void {
    const kept = cursors[a]!
    cursors[a] = cursors[b]!
    cursors[b] = kept
  }

  function sink(index: number): void {
    for (let parent = index; ; ) {
      let first = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < cursors.length && comesFirst(child, first)) first = child
      }
      if (first === parent) return
      swap(first, parent)
      parent = first
    }
  }

  return {
    push(cursor: Cursor): void {
      if (cursor.head === undefined) return
      let child = cursors.push(cursor) - 1
      for (let parent = (child - 1) >> 1; child > 0 && comesFirst(child, parent); parent = (child - 1) >> 1) {
        swap(child, parent)
        child = parent
      }
    },
    /** Takes the first number out. */
    next(): number | undefined {
      const top = cursors[0]
      if (!top) return undefined
      const seq = top.head
      top.advance()
      if (top.head === undefined) {
        const last = cursors.pop()!
        if (cursors.length > 0) cursors[0] = last
      }
      sink(0)
      return seq
    },
  }
}
