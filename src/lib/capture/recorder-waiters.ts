import type {ClawError} from '../errors.ts'

/** Those who wait until everything up to a number is committed. */
export interface Waiters {
  readonly count: number
  /** Rejects with what `late` says when `timeoutMs` are over. */
  add(upTo: number, timeoutMs: number, late: () => ClawError): Promise<void>
  /** Everything before `oldest` is done with; undefined: everything. */
  settled(oldest: number | undefined): void
  /** An event will never be committed: whoever waits for it is told. */
  lost(number: number, failure: () => ClawError): void
}

interface Waiter {
  upTo: number
  resolve(): void
  reject(failure: ClawError): void
}

export function createWaiters(): Waiters {
  const waiting = new Set<Waiter>()

  return {
    get count() {
      return waiting.size
    },
    add(upTo, timeoutMs, late) {
      const {promise, resolve, reject} = Promise.withResolvers<void>()
      const waiter = {upTo, resolve, reject}
      waiting.add(waiter)
      const timer = setTimeout(() => reject(late()), timeoutMs)
      const stop = () => {
        clearTimeout(timer)
        waiting.delete(waiter)
      }
      promise.then(stop, stop)
      return promise
    },
    settled(oldest = Number.POSITIVE_INFINITY) {
      for (const {upTo, resolve} of waiting) if (upTo < oldest) resolve()
    },
    lost(number, failure) {
      for (const {upTo, reject} of waiting) if (number <= upTo) reject(failure())
    },
  }
}
