import type {StoredEvent} from '../event/envelope.ts'

/** Where replayed events go. Each kind is a function that makes one (`stdoutTarget`, `storeTarget`). */
export interface ReplayTarget {
  /** Takes one event, in log order. Resolves when the next one may come, not when this one has arrived. */
  send(event: StoredEvent): Promise<void>
  /** Resolves once all that was sent has arrived for good: the place that `--resume` keeps stands on this. */
  settle(): Promise<void>
  /** What the summary says of it, such as `{appended, duplicates}`; raw numbers. */
  counts(): Record<string, number>
}
