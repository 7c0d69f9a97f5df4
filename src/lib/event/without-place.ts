import type {ClawEvent, StoredEvent} from './envelope.ts'

/** The event itself: where one log keeps it is no fact about it. */
export function withoutPlace({position: _position, storedAt: _storedAt, ...event}: StoredEvent): ClawEvent {
  return event
}
