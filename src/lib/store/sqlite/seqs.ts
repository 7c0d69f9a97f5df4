import type {Bounds} from './bounds.ts'
import {endOf, restOf, startOf} from './bounds.ts'
import type {LogFile} from './log-file.ts'
import type {Place} from './places.ts'

/** Sequence numbers in the order of a read, taken one by one; numbers that nobody asks for are skipped, not fetched. */
export interface Seqs {
  /** The number at hand; undefined at the end. */
  head(): number | undefined
  /** Goes to the first number that does not come before `target`. */
  seek(target: number): void
  /** Where it may take long to find the number at hand: looks on for a while, and tells whether it is still not found. */
  goOn?(): boolean
}

/**
 * Numbers are fetched in growing pieces: a short query touches little, a long one asks seldom. The text index reads a
 * word's whole list up to where it should start, so it is asked for more at a time.
 */
const pieceSizes = {seq: {first: 16, largest: 1024}, rowid: {first: 64, largest: 65_536}} as const

/** What lies at one place. */
export function seqsAt(file: LogFile, {from, seq, parameters}: Place, bounds: Bounds): Seqs {
  const query = `SELECT json_group_array(seq) AS seqs FROM (SELECT ${seq} AS seq FROM ${from} AND ${restOf(bounds, seq)})`
  const {first, largest} = pieceSizes[seq]
  const end = endOf(bounds)
  let piece: number[] = []
  let at = 0
  let size: number = first
  let isLastPiece = false

  function fetch(after: number): void {
    // As one JSON text, because that is several times faster than a row for each number.
    piece = JSON.parse(
      String(
        file
          .reader()
          .sql(query)
          .get(...parameters, after, end, size)?.['seqs'],
      ),
    )
    isLastPiece = piece.length < size
    at = 0
  }

  fetch(startOf(bounds))
  return {
    head: () => piece[at],
    seek(target) {
      const last = piece.at(-1)
      if (last === undefined) return
      if (!isBefore(last, target, bounds)) {
        while (isBefore(piece[at]!, target, bounds)) at++
      } else if (isLastPiece) {
        at = piece.length
      } else {
        size = Math.min(size * 8, largest)
        fetch(bounds.isDescending ? target + 1 : target - 1)
      }
    },
  }
}

/** Numbers that are known already, in order. */
export function knownSeqs(seqs: readonly number[], bounds: Bounds): Seqs {
  let at = 0
  return {
    head: () => seqs[at],
    seek(target) {
      while (at < seqs.length && isBefore(seqs[at]!, target, bounds)) at++
    },
  }
}

/** All numbers of a sequence, each once; undefined for a stretch in which none was found. */
export function* walkSeqs(seqs: Seqs, bounds: Bounds): Generator<number | undefined> {
  for (;;) {
    while (seqs.goOn?.()) yield undefined
    const seq = seqs.head()
    if (seq === undefined) return
    yield seq
    seqs.seek(after(seq, bounds))
  }
}

export function after(seq: number, {isDescending}: Bounds): number {
  return isDescending ? seq - 1 : seq + 1
}

export function isBefore(one: number, other: number, {isDescending}: Bounds): boolean {
  return isDescending ? one > other : one < other
}
