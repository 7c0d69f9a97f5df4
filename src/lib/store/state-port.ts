import type {ClawEvent, Position} from '../event/envelope.ts'

/** Where a reader of the log has got to: every event up to `position` is done with, or stands in its deliveries. */
export interface Cursor {
  /** The reader's name, such as `webhook:alerts`. */
  reader: string
  /** The log that `position` is of (`logName`); a cursor of another log means nothing for this one. */
  log: string
  position: Position
  /** Epoch milliseconds. */
  savedAt: number
  /** What the reader keeps beside its position, as JSON: why an endpoint is disabled, since when. */
  details?: Record<string, unknown>
}

/** `waiting`: to be tried again at `nextAt`; `dead`: given up, until somebody asks for another try. */
export type DeliveryState = 'waiting' | 'dead'

/** An event that a reader went past without having delivered it. */
export interface Delivery {
  reader: string
  eventId: string
  position: Position
  state: DeliveryState
  attempts: number
  /** Epoch milliseconds. */
  nextAt: number
  addedAt: number
  /** What went wrong last, without secrets. */
  lastError: string
  /** The event as it goes out: redacted, filtered. */
  event: ClawEvent
}

/** What one step of a reader changes, in one commit. */
export interface ReaderStep {
  reader: string
  cursor?: {log: string; position: Position; details?: Record<string, unknown>}
  /** Added, or put in the place of the one with the same event id. */
  put?: readonly Omit<Delivery, 'reader'>[]
  /** Event ids. */
  remove?: readonly string[]
}

export interface DeliveryQuery {
  reader?: string
  state?: DeliveryState
  /** Only what is due by this time (epoch ms). */
  dueBy?: number
  /** Default 1000. Ordered by `nextAt`, then position. */
  limit?: number
}

export interface Owner {
  pid: number
  host: string
  /** What the process is: `gateway`, `serve`, `agent`. */
  role: string
  /** Epoch milliseconds. */
  since: number
}

/** The exclusive right to do something; ends with its process, whatever ends that. */
export interface OwnerLease {
  /** False once the file behind it was removed or replaced: then somebody else may hold it. */
  isHeld(): boolean
  release(): Promise<void>
}

/**
 * What readers of the log remember: cursors, deliveries that wait or were given up, and who runs the sinks. One per
 * state directory, used by several processes at once.
 */
export interface StateStore {
  cursor(reader: string): Promise<Cursor | undefined>
  cursors(): Promise<Cursor[]>
  /** Resolves when the step is committed, whole. */
  commit(step: ReaderStep): Promise<void>
  deliveries(query: DeliveryQuery): Promise<Delivery[]>
  /** Yields all, by reader and event id, however many there are; what changes meanwhile may be missed. */
  everyDelivery(query: Pick<DeliveryQuery, 'reader' | 'state'>): AsyncIterable<Delivery>
  /** Event ids of a reader's deliveries that stand after a position of the log. */
  deliveryIdsAfter(reader: string, position: Position): Promise<string[]>
  /** Readers that have deliveries. */
  deliveryReaders(): Promise<string[]>
  countDeliveries(reader: string): Promise<Record<DeliveryState, number>>
  /** Makes dead deliveries due now, with no attempts counted; how many. Without event ids: all of the reader. */
  retryDead(reader: string, eventIds?: readonly string[]): Promise<number>
  /** Forgets a reader: cursor and deliveries. */
  removeReader(reader: string): Promise<void>
  /** The lease of this state directory's sinks; undefined while another process, or another part of this one, has it. */
  tryOwn(role: string): Promise<OwnerLease | undefined>
  /** Who holds the lease, as it said itself; undefined while nobody does. */
  owner(): Promise<Owner | undefined>
  close(): Promise<void>
}
