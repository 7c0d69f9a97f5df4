import {type ChainMark, groupSize, type Numbered, nextSum, startSum} from './chain.ts'

/** Where a message of a writer is, and what its chain needs of it. */
export interface Placed extends Numbered {
  seq: number
}

export interface ChainFault {
  seq: number
  kind: 'missing' | 'changed' | 'swapped'
  message: string
}

/** Checks the chains of all writers while their messages are walked over in the order of the stream. */
export interface ChainWalk {
  /** A message that is there, with its mark. */
  take(seq: number, mark: ChainMark): ChainFault | undefined
  /** One that was erased: what its record says of it. */
  takeErased(writer: string, placed: Placed): void
  /** Messages that nothing is known of went before, and rightly so: chains may go on with a gap. */
  loosen(): void
}

interface WriterState {
  /** How far messages were covered by the sum of one that came later. */
  covered: number
  /** The sum over whole groups, and how far they go; undefined: not known since a gap. */
  groups: {sum: string; covered: number} | undefined
  /** What came since those groups, in the order of the stream. */
  pending: Placed[]
  /** All numbers from this one on have been seen, as far as they are in the stream. */
  seenFrom: number
  /** Sums that messages on their way back then still refer to. */
  sums: Map<number, string>
  /** How often chains had been loosened when it was last seen. */
  looseness: number
}

/** Writers that are remembered; one that comes again after so many others is taken on trust. */
const mostWriters = 50_000
/** No writer has more than some hundred messages on their way at a time. */
const mostPending = 8192
const mostSums = 1024

/** To be used from the stream's first message on, or to be loosened before. */
export function createChainWalk(): ChainWalk {
  const writers = new Map<string, WriterState>()
  let looseness = 0
  let hasForgotten = false

  /** Undefined for a writer that is not known, or not for certain since a gap. */
  function stateOf(writer: string): WriterState | undefined {
    const state = writers.get(writer)
    if (state === undefined) return undefined
    // The one that was seen last goes to the end, so that the first is the one to forget.
    writers.delete(writer)
    writers.set(writer, state)
    return state.looseness === looseness ? state : undefined
  }

  function begin(writer: string, number: number): WriterState {
    const isTrusted = number > 1 && (looseness > 0 || hasForgotten)
    const groups = isTrusted ? undefined : {sum: startSum(writer), covered: 0}
    const sums = new Map(groups && [[0, groups.sum]])
    const state = {covered: 0, groups, pending: [], seenFrom: isTrusted ? number : 1, sums, looseness}
    writers.delete(writer)
    writers.set(writer, state)
    if (writers.size > mostWriters) {
      const [oldest] = writers.keys()
      writers.delete(oldest!)
      hasForgotten = true
    }
    return state
  }

  return {
    take(seq, mark) {
      const state = stateOf(mark.writer) ?? begin(mark.writer, mark.number)
      const fault = compare(state, seq, mark)
      note(state, {seq, number: mark.number, digest: mark.digest})
      return fault
    },
    takeErased(writer, placed) {
      note(stateOf(writer) ?? begin(writer, placed.number), placed)
    },
    loosen() {
      looseness++
    },
  }
}

function note(state: WriterState, placed: Placed): void {
  state.pending.push(placed)
  if (state.pending.length <= mostPending) return
  state.pending.splice(0, mostPending / 2)
  state.seenFrom = state.pending[0]!.number
  state.groups = undefined
}

/** Compares the sum of a message with that of what was seen of its writer. */
function compare(state: WriterState, seq: number, {covered, sum}: ChainMark): ChainFault | undefined {
  const known = state.sums.get(covered)
  if (known !== undefined) return known === sum ? undefined : changedBefore(seq)
  if (covered <= state.covered) return undefined
  const before = state.pending.filter(({number}) => number <= covered)
  const after = state.groups?.covered ?? 0
  const expected = sumOf(state, covered)
  const fault = expected === undefined || expected === sum ? undefined : whyNot(before, after, {seq, covered})
  // After a fault, and where nothing was known, the message is believed from here on.
  if (covered % groupSize === 0) {
    state.groups = covered >= state.seenFrom - 1 ? {sum, covered} : undefined
    state.pending = state.pending.filter(({number}) => number > covered)
  } else if (fault) state.groups = undefined
  state.covered = covered
  state.sums.set(covered, sum)
  if (state.sums.size > mostSums) {
    const [oldest] = state.sums.keys()
    state.sums.delete(oldest!)
  }
  return fault
}

/** The sum up to a number, of what was seen; the groups in it that are whole are then done with. */
function sumOf(state: WriterState, covered: number): string | undefined {
  if (state.groups === undefined) return undefined
  const upTo = (end: number) => state.pending.filter(({number}) => number <= end)
  while (state.groups.covered + groupSize <= covered) {
    const end: number = state.groups.covered + groupSize
    state.groups = {sum: nextSum(state.groups.sum, upTo(end)), covered: end}
    state.pending = state.pending.filter(({number}) => number > end)
  }
  return covered === state.groups.covered ? state.groups.sum : nextSum(state.groups.sum, upTo(covered))
}

/** What is wrong with the messages that a sum is over, which begin after a number, as far as it can be told. */
function whyNot(before: readonly Placed[], after: number, {seq, covered}: {seq: number; covered: number}): ChainFault {
  const preceding = (at: number) => before[at - 1]?.number ?? after
  const swapped = before.find(({number}, at) => number < preceding(at))
  if (swapped) {
    return {seq: swapped.seq, kind: 'swapped', message: 'its writer published this event before others that precede it'}
  }
  // A number may also be missing because the server turned that message away, so this is the likeliest place only.
  const gap = before.find(({number}, at) => number > preceding(at) + 1)
  if (gap) return missingBefore(gap.seq)
  return preceding(before.length) < covered ? missingBefore(seq) : changedBefore(seq)
}

function missingBefore(seq: number): ChainFault {
  return {seq, kind: 'missing', message: 'an event that the same writer published before this one is missing'}
}

function changedBefore(seq: number): ChainFault {
  return {seq, kind: 'changed', message: 'the events before this one are not all those that its writer published'}
}
