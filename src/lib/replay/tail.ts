import {ClawError, Exit} from '../errors.ts'
import type {Position, StoredEvent} from '../event/envelope.ts'
import type {Filter} from '../filter/filter.ts'
import {type EventStore, type FollowOptions, logStart, type ReadRange} from '../store/port.ts'

export interface TailOptions extends Pick<FollowOptions, 'signal' | 'onHealth' | 'onSkipped'> {
  /** How many stored events come first. */
  last: number
  /** Instead: all stored events after this position come first. */
  after?: Position
  /** End after this many events. */
  limit?: number
}

/**
 * The last stored events, then live ones, without a gap or a repeat between the two. INPUT_INVALID for an `after` beyond
 * the end: events that come would be taken for ones that were seen, or all of the log for new.
 */
export async function* tailEvents(
  store: EventStore,
  filter: Filter,
  {last, after, limit = Number.POSITIVE_INFINITY, signal, onHealth, onSkipped}: TailOptions,
): AsyncGenerator<StoredEvent> {
  let left = limit
  let from = after
  if (from !== undefined) assertGiven(from, await store.head())
  if (from === undefined) {
    // Where stored ends and live begins is fixed before either is read.
    from = (await store.head()) ?? logStart
    for (const event of await newest(store, filter, {limit: Math.min(last, left), to: from, signal, onSkipped})) {
      yield event
      left--
    }
  }
  if (left === 0 || signal.aborted) return
  for await (const event of store.follow(filter, {from, signal, onHealth, onSkipped})) {
    yield event
    if (--left === 0) return
  }
}

/** Positions of one log sort as texts. */
function assertGiven(position: Position, head: Position = logStart): void {
  if (position <= head) return
  const end = head === logStart ? 'it is empty' : `its newest is ${head}`
  throw new ClawError('INPUT_INVALID', `this log never gave the position ${JSON.stringify(position)}: ${end}`, {
    exit: Exit.usage,
    suggestions: ['take the `position` of an event from the same log; of one that was made anew, start without'],
  })
}

async function newest(store: EventStore, filter: Filter, range: ReadRange & {limit: number}): Promise<StoredEvent[]> {
  if (range.limit === 0 || range.to === logStart) return []
  try {
    return (await Array.fromAsync(store.read(filter, {...range, order: 'desc'}))).reverse()
  } catch (thrown) {
    // A tail ends without an error, whatever it was doing.
    if (range.signal?.aborted) return []
    throw thrown
  }
}
