import type {Anchor} from '../anchor.ts'
import type {VerifyFault} from '../port.ts'
import {positionOf, seqOf} from './position.ts'
import type {Ends} from './verify-ends.ts'
import {changed} from './verify-faults.ts'

/** Compares what the log is now with what it was when the anchor was taken. */
export interface AnchorCheck {
  /** An event was walked over, and the next one may follow these links. */
  note(seq: number, links: ReadonlySet<string>): void
}

/** An anchor that nothing can be compared with proves nothing, and that is a fault too. */
export function judgeAnchor(anchor: Anchor | undefined, ends: Ends, faults: VerifyFault[]): AnchorCheck {
  if (!anchor) return {note: () => undefined}
  const {chain, at} = anchor
  const anchored = seqOf(anchor.position)

  function compare(seq: number, links: ReadonlySet<string>): void {
    if (links.has(chain)) return
    faults.push(changed(seq, `the history up to here is not the one that was anchored at ${at}`))
  }

  if (anchored > ends.lastSeq) {
    faults.push({
      position: positionOf(ends.lastSeq + 1),
      kind: 'missing',
      message: `the log ends before the anchor of ${at}, which is at position ${anchor.position}`,
    })
  } else if (anchored < ends.seq && anchored > 0) {
    faults.push({
      position: positionOf(anchored),
      kind: 'missing',
      message: `the anchor of ${at} proves nothing: everything up to position ${positionOf(ends.seq)} is pruned`,
    })
  } else if (anchored === ends.seq && anchored > 0) compare(anchored, new Set([ends.link]))
  return {
    note(seq, links) {
      if (seq === anchored) compare(seq, links)
    },
  }
}
