import type {ClawEvent, Position, StoredEvent} from '../../event/envelope.ts'
import type {ClientRequest} from '../../net/client.ts'
import type {Delivery} from '../../store/state-port.ts'
import type {Outgoing} from '../outgoing.ts'
import type {NewDelivery} from './ledger.ts'

/** One event on its way to one endpoint. */
export interface Item {
  eventId: string
  position: Position
  /** As it goes out, but for the signatures, which are new for each attempt. */
  event: ClawEvent
  /** The failed ones that count. */
  attempts: number
  /** When it was first tried (epoch milliseconds). */
  addedAt: number
  /** Taken from the log just now; otherwise it stands in the state store. */
  isTaken: boolean
  /** Its request, made ahead, and when (epoch milliseconds). */
  ready?: {request: ClientRequest; madeAt: number}
}

/** Redacted once more, since redaction may have been switched on after it was put there. */
export function storedItem({eventId, position, event, attempts, addedAt}: Delivery, {prepare}: Outgoing): Item {
  const {storedAt}: Partial<StoredEvent> = event
  const stored = {...event, position, storedAt: storedAt ?? new Date(addedAt).toISOString()}
  return {eventId, position, event: prepare(stored), attempts, addedAt, isTaken: false}
}

/** The item as the state store keeps it. */
export function deliveryOf(
  {eventId, position, event, attempts, addedAt}: Item,
  {state, nextAt, lastError}: Pick<NewDelivery, 'state' | 'nextAt' | 'lastError'>,
): NewDelivery {
  return {eventId, position, state, attempts, nextAt, addedAt, lastError, event}
}
