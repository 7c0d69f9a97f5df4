/** An endpoint that has worked for no event in so long a time, while it was tried, is given up. */
const longFailureMs = 5 * 24 * 3_600_000
/** Between two failures no more than this counts: neither a clock that jumps nor a night switched off is a failure. */
const longestStepMs = 3_600_000

/** How an endpoint has been doing. */
export interface Health {
  succeeded(): void
  failed(): void
  /** Whether some event was delivered since that time (epoch milliseconds). */
  worksSince(time: number): boolean
  readonly failingMs: number
  readonly isGivenUp: boolean
}

export function createHealth({failingMs = 0, now}: {failingMs?: number; now: () => number}): Health {
  let lastSuccess: number | undefined
  let lastFailure: number | undefined
  return {
    succeeded() {
      lastSuccess = now()
      lastFailure = undefined
      failingMs = 0
    },
    failed() {
      const time = now()
      if (lastFailure !== undefined) failingMs += Math.min(Math.max(time - lastFailure, 0), longestStepMs)
      lastFailure = time
    },
    worksSince(time) {
      // A time to come was noted before the clock was set back.
      return lastSuccess !== undefined && (lastSuccess >= time || time > now())
    },
    get failingMs() {
      return failingMs
    },
    get isGivenUp() {
      return failingMs >= longFailureMs
    },
  }
}
