import type {ClawEvent, StoredEvent} from '../event/envelope.ts'
import type {EventStore} from '../store/port.ts'
import type {ReplayTarget} from './target.ts'

const batchEvents = 500

/**
 * Another log, to which events are appended with their ids, so that doing it again adds nothing. Events that come
 * without a pause between them go in batches; one that had to be waited for goes at once.
 */
export function storeTarget(store: EventStore, {isPaced}: {isPaced: boolean}): ReplayTarget {
  const counts = {appended: 0, duplicates: 0}
  let batch: ClawEvent[] = []

  async function settle(): Promise<void> {
    if (batch.length === 0) return
    const {appended, duplicates} = await store.append(batch, {bulk: true})
    counts.appended += appended
    counts.duplicates += duplicates
    batch = []
  }

  return {
    async send(event) {
      batch.push(withoutPlace(event))
      if (isPaced || batch.length >= batchEvents) await settle()
    },
    settle,
    counts: () => counts,
  }
}

/** The event itself: where one log keeps it is no fact about it. */
function withoutPlace({position: _position, storedAt: _storedAt, ...event}: StoredEvent): ClawEvent {
  return event
}
