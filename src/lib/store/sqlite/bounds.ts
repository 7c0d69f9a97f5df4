import type {ReadRange} from '../port.ts'
import {seqOf} from './position.ts'

/** What part of the log is read, in which order: `low < seq <= high`. */
export interface Bounds {
  low: number
  high: number
  isDescending: boolean
}

/** The range in sequence numbers, ending at the newest event of now: what is appended later is not in it. */
export function boundsOf({from, to, order}: ReadRange, newest: number): Bounds {
  return {
    low: from === undefined ? 0 : seqOf(from),
    high: to === undefined ? newest : Math.min(newest, seqOf(to)),
    isDescending: order === 'desc',
  }
}

/** Where a walk through the bounds starts: the number before its first. */
export function startOf({low, high, isDescending}: Bounds): number {
  return isDescending ? high + 1 : low
}

/** The SQL of what comes after the sequence number of the first parameter, up to the end of the bounds (the second). */
export function restOf({isDescending}: Bounds, seq: string): string {
  return isDescending
    ? `${seq} < ? AND ${seq} > ? ORDER BY ${seq} DESC LIMIT ?`
    : `${seq} > ? AND ${seq} <= ? ORDER BY ${seq} LIMIT ?`
}

/** The second parameter of `restOf`. */
export function endOf({low, high, isDescending}: Bounds): number {
  return isDescending ? low : high
}
