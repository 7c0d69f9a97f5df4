import type {Position} from '../lib/event/envelope.ts'
import {counted} from '../lib/output/counted.ts'
import type {Terminal} from './terminal.ts'

/** Counts messages of a log that are no events, which reading passes over: nobody shall take what is printed for all. */
export function createSkipped(term: Terminal) {
  let count = 0
  return {
    onSkipped: () => {
      count++
    },
    /** For what does not end: says the first at once, and how many there were when it ends after all. */
    onSkippedLive: (position: Position) => {
      if (++count === 1) term.note(`the message at position ${position} is no event and is left out`)
    },
    /** Says how many there were, unless that is known. */
    tell({told = 0}: {told?: number} = {}): void {
      if (count > told)
        term.note(
          `${counted(count, 'message')} of this log ${count === 1 ? 'is no event and was' : 'are no events and were'} left out`,
        )
    },
  }
}
