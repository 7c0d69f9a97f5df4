import type {Position, StoredEvent} from '../event/envelope.ts'

/**
 * Where replayed events go. Each kind is a function that makes one (`stdoutTarget`, `storeTarget`, `webhookTarget`,
 * `bridgePreview`, `bridgeTarget`).
 */
export interface ReplayTarget {
  /** Takes one event, in log order. Resolves when the next one may come, not when this one has arrived. */
  send(event: StoredEvent): Promise<void>
  /** Resolves once all that was sent has arrived for good: the place that `--resume` keeps stands on this. */
  settle(): Promise<void>
  /** What the summary says of it, such as `{appended, duplicates}`; raw numbers. */
  counts(): Record<string, number>
  /**
   * For targets that work on several events at once: up to where all is done, and how many events that are. The place
   * is then this one, and `settle` is called at the end only.
   */
  reached?(): {position: Position; read: number} | undefined
  /** For targets that may refuse: after `send` rejected, the event that the other side did not take. */
  failure?(): ReplayFailure | undefined
  /** Called once, after all else. */
  close?(): Promise<void>
}

/** The event at which a replay ended early. */
export interface ReplayFailure {
  eventId: string
  position: Position
  type: string
  attempts: number
  /** Without secrets. */
  reason: string
}
