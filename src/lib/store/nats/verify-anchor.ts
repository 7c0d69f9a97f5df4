import type {Anchor} from '../anchor.ts'
import type {VerifyFault} from '../port.ts'
import {positionOf} from './decode.ts'
import type {SegmentCheck} from './segments.ts'

/** The fault of a stream that ends before the anchor. */
export function judgeReach({position, at}: Anchor, lastSeq: number): VerifyFault | undefined {
  if (Number(position) <= lastSeq) return undefined
  const message = `the log ends before the anchor of ${at}, which is at position ${position}`
  return {position: positionOf(lastSeq + 1), kind: 'missing', message}
}

/** What comes of comparing the stretches that an anchor is over. One that proves nothing is a fault too. */
export function judgeSegments(
  {position, events, at}: Anchor,
  {proven, lost, wrong}: ReturnType<SegmentCheck['end']>,
): {faults: VerifyFault[]; note?: string} {
  const faults: VerifyFault[] = wrong.map(({from, to}) => ({
    position: from,
    kind: 'changed',
    message: `the events from here to position ${to} are not those that were anchored at ${at}`,
  }))
  const isProven = proven.length > 0 || wrong.length > 0 || (events === 0 && lost.length === 0)
  if (!isProven) {
    const message = `the anchor of ${at} proves nothing: what it is over has expired or is pruned`
    faults.push({position, kind: 'missing', message})
  }
  const last = lost.at(-1)
  return last && isProven
    ? {faults, note: `what the anchor is over up to position ${last.to} cannot be compared: some of it has expired`}
    : {faults}
}
