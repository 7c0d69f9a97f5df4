import {randomBytes} from 'node:crypto'
import {type ChainMark, digestOf, groupSize, type Numbered, nextSum, startSum} from './chain.ts'

/** One writer's chain, as it grows (chain.ts). */
export interface WriterChain {
  /**
   * The mark of the message that is sent next. With nothing on its way its sum is over all that was acknowledged;
   * otherwise over whole groups, so that a busy writer makes one sum for many messages.
   */
  mark(body: Uint8Array, isAlone: boolean): ChainMark
  /** The message with this mark is in the stream, behind all that were told of before. */
  stored(mark: ChainMark): void
  /** What is in the stream, and in which order, is not certain any more: what is sent from now on is of a new writer. */
  restart(): void
}

export function createWriterChain(newName: () => string = () => randomBytes(8).toString('base64url')): WriterChain {
  let writer = ''
  let number = 0
  /** The sum over whole groups, and how far they go. */
  let sum = ''
  let covered = 0
  /** What was acknowledged since those groups. */
  let since: Numbered[] = []
  let lastStored = 0

  function restart(): void {
    writer = newName()
    number = 0
    sum = startSum(writer)
    covered = 0
    since = []
    lastStored = 0
  }

  function addGroups(): void {
    while (lastStored >= covered + groupSize) {
      covered += groupSize
      const group = since.filter((one) => one.number <= covered)
      sum = nextSum(sum, group)
      since = since.slice(group.length)
    }
  }

  restart()
  return {
    restart,
    mark(body, isAlone) {
      const digest = digestOf(body)
      addGroups()
      number++
      if (!isAlone || lastStored === covered) return {writer, number, covered, sum, digest}
      return {writer, number, covered: lastStored, sum: nextSum(sum, since), digest}
    },
    stored(mark) {
      if (mark.writer !== writer) return
      if (mark.number <= lastStored) {
        restart()
        return
      }
      since.push(mark)
      lastStored = mark.number
    },
  }
}
