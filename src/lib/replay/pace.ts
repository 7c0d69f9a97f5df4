import {ClawError, Exit} from '../errors.ts'
import type {StoredEvent} from '../event/envelope.ts'
import {timeOf} from '../event/timestamp.ts'

export interface PaceOptions {
  /** How many times faster than it happened; Infinity: as fast as the reader takes them. */
  speed: number
  signal?: AbortSignal
  /** Milliseconds, monotonic. */
  now?: () => number
}

/**
 * Yields events in the order they come, each when its time has come: the time since the first event's timestamp,
 * divided by `speed`. An event stamped earlier than the one before it, or with no time at all, is due at once. Delays do
 * not add up, since every due time counts from the start.
 */
export async function* paced(
  events: AsyncIterable<StoredEvent>,
  {speed, signal, now = () => performance.now()}: PaceOptions,
): AsyncGenerator<StoredEvent> {
  let start: {at: number; timestamp: number} | undefined
  for await (const event of events) {
    if (signal?.aborted) return
    const timestamp = timeOf(event)
    if (speed !== Number.POSITIVE_INFINITY && !Number.isNaN(timestamp)) {
      start ??= {at: now(), timestamp}
      await until(start.at + (timestamp - start.timestamp) / speed, now, signal)
      if (signal?.aborted) return
    }
    yield event
  }
}

/** setTimeout takes at most 2^31-1 ms and may fire a little early: it is asked again until the time has come. */
async function until(due: number, now: () => number, signal: AbortSignal | undefined): Promise<void> {
  for (let left = due - now(); left > 0 && !signal?.aborted; left = due - now()) {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(left, 2 ** 31 - 1))
      signal?.addEventListener('abort', done)
    })
  }
}

/** `10x` -> 10, `max` -> Infinity. USAGE for anything else. */
export function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const factor = Number(/^(\d+(?:\.\d+)?)x$/.exec(text)?.[1])
  if (factor > 0) return factor
  throw new ClawError('USAGE', `--speed takes a factor such as 1x, 10x or 0.5x, or max, not "${text}"`, {
    exit: Exit.usage,
  })
}
