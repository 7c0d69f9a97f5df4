import {setImmediate as nextTurn} from 'node:timers/promises'
import {everything} from '../../filter/filter.ts'
import type {FollowHealth} from '../../store/port.ts'
import type {SinkContext} from '../sink.ts'
import type {Feed} from './feed.ts'

export interface SpreadOptions {
  onHealth(health: FollowHealth): void
  /** Resolves when those who can keep up have. */
  waitForClients(): Promise<void>
}

/** Feeds what is appended to the log until the signal aborts. What comes at once is sent at once. */
export async function spreadLog(
  {store, signal}: Pick<SinkContext, 'store' | 'signal'>,
  feed: Feed,
  {onHealth, waitForClients}: SpreadOptions,
): Promise<void> {
  let soon: NodeJS.Immediate | undefined
  const flush = () => {
    soon = undefined
    feed.flush()
  }
  for await (const event of store.follow(everything, {from: feed.position(), signal, onHealth})) {
    // A log that was made anew counts from its start; clients know nothing of it yet.
    if (event.position <= feed.position()) throw new Error('the event log was replaced by another')
    feed.take(event)
    if (feed.isFull()) {
      feed.flush()
      await nextTurn()
      await waitForClients()
    } else if (soon === undefined) soon = setImmediate(flush)
  }
  feed.flush()
  if (!signal.aborted) throw new Error('the event log ended')
}
