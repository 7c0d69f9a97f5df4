import type {Position, StoredEvent} from '../../../src/lib/event/envelope.ts'
import type {Filter} from '../../../src/lib/filter/filter.ts'
import type {EventStore, FollowHealth} from '../../../src/lib/store/port.ts'

export interface Follower {
  /** Everything yielded so far. */
  seen: StoredEvent[]
  health: FollowHealth[]
  /** Resolves when the follower hears its log for the first time. */
  live: Promise<void>
  /** Resolves when the iteration ended; rejects with its error. */
  ended: Promise<void>
  /** Resolves once the event of this id was yielded; rejects when the iteration ends without it. */
  has(eventId: string): Promise<void>
  /** Resolves once the health is this. */
  turns(state: FollowHealth['state']): Promise<void>
  /** Aborts, and resolves when the iteration ended. */
  stop(): Promise<void>
}

/** Follows in the background, so that a test can append and then wait for what it expects. */
export function follower(store: EventStore, filter: Filter, from?: Position): Follower {
  const controller = new AbortController()
  const seen: StoredEvent[] = []
  const health: FollowHealth[] = []
  const live = Promise.withResolvers<void>()
  const waiting = new Map<string, PromiseWithResolvers<void>>()

  function onHealth(now: FollowHealth): void {
    health.push(now)
    if (now.state === 'live') live.resolve()
    waiting.get(`turns ${now.state}`)?.resolve()
  }

  function waitFor(what: string, isThere: boolean): Promise<void> {
    const wait = waiting.get(what) ?? Promise.withResolvers<void>()
    waiting.set(what, wait)
    wait.promise.catch(() => undefined)
    if (isThere) wait.resolve()
    return wait.promise
  }

  async function run(): Promise<void> {
    const options = {signal: controller.signal, onHealth, ...(from !== undefined && {from})}
    for await (const one of store.follow(filter, options)) {
      seen.push(one)
      waiting.get(`has ${one.eventId}`)?.resolve()
    }
  }

  const ended = run()
  const failAll = (reason: unknown) => {
    live.reject(reason)
    for (const {reject} of waiting.values()) reject(reason)
  }
  ended.then(() => failAll(new Error('the follower ended')), failAll)
  live.promise.catch(() => undefined)

  return {
    seen,
    health,
    live: live.promise,
    ended,
    has: (eventId) =>
      waitFor(
        `has ${eventId}`,
        seen.some((one) => one.eventId === eventId),
      ),
    turns: (state) => waitFor(`turns ${state}`, health.at(-1)?.state === state),
    stop() {
      controller.abort()
      return ended
    },
  }
}
