import type {Delivery} from '../../store/state-port.ts'
import {storedItem} from './item.ts'
import type {NewDelivery} from './ledger.ts'
import {longestRetryAfterMs} from './retry-after.ts'
import {launch, type Work} from './work.ts'

/** How often the state store is asked for what others made due: `deliveries retry`. */
const lookMs = 1000
/** How often it is asked how many there are. */
const countMs = 10_000
const atOnce = 32
/** No delivery waits longer by itself; one that seems to was put there before the clock was set back. */
const longestWaitMs = 2 * longestRetryAfterMs

/** Sends again what waits in the state store, when it is due. */
export interface Retries {
  /** A delivery has begun to wait. */
  note(delivery: NewDelivery): void
  /** Runs until the signal of the work aborts. Rejects with a fault of the state store. */
  run(work: Work): Promise<void>
}

export function createRetries(onCount: () => void): Retries {
  let nextDue = 0
  let wake: (() => void) | undefined

  /** What is due now, at most `atOnce`; sets when to look again. */
  async function due({context: {state, now}, reader, busy, ledger}: Work): Promise<Delivery[]> {
    const limit = atOnce + busy.size
    nextDue = Number.POSITIVE_INFINITY
    const rows = await state.deliveries({reader, state: 'waiting', limit})
    const free = rows.filter(({eventId}) => !busy.has(eventId) && !ledger.isPending(eventId))
    const time = now()
    const ready = free.filter(({nextAt}) => nextAt <= time || nextAt > time + longestWaitMs)
    if (ready.length > 0 && rows.length === limit) nextDue = 0
    else for (const {nextAt} of free) if (nextAt > time) nextDue = Math.min(nextDue, nextAt)
    return ready
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    note({nextAt}) {
      if (nextAt >= nextDue) return
      nextDue = nextAt
      wake?.()
    },
    async run(work) {
      const {context, reader, signal, ledger} = work
      let counted = performance.now()
      signal.addEventListener('abort', () => wake?.(), {once: true})
      while (!signal.aborted) {
        for (const delivery of await due(work)) {
          if (!(await launch(work, storedItem(delivery, work.outgoing), 'retry'))) return
        }
        if (performance.now() - counted > countMs) {
          counted = performance.now()
          ledger.counts = await context.state.countDeliveries(reader)
          onCount()
        }
        const waitMs = Math.min(lookMs, nextDue - context.now())
        if (waitMs > 0 && !signal.aborted) await sleep(waitMs)
      }
    },
  }
}
