import type {RetryPolicy} from '../../config/schema/delivery.ts'

/** How long to wait after a failure, as S3's `retry` has it: the longest that the jitter may choose. */
export function longestWaitMs({initialDelayMs, backoffMultiplier, maxDelayMs}: RetryPolicy, failures: number): number {
  return Math.min(initialDelayMs * backoffMultiplier ** Math.max(failures - 1, 0), maxDelayMs)
}

/** Full jitter: anything up to the longest, so that what failed together does not come back together. */
export function jitteredMs(policy: RetryPolicy, failures: number, random: () => number): number {
  return Math.round(random() * longestWaitMs(policy, failures))
}
