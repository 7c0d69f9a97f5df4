import type {ClawEvent, StoredEvent} from '../event/envelope.ts'
import {withoutPlace} from '../event/without-place.ts'
import type {AppendResult, EventStore} from '../store/port.ts'

const batchEvents = 500

/**
 * Appends events to another log, with their ids, so that doing it again adds nothing. Events that come without a pause
 * between them go in batches; one that had to be waited for goes at once.
 */
export async function copyEvents(
  events: AsyncIterable<StoredEvent>,
  target: EventStore,
  {paced, onProgress}: {paced: boolean; onProgress?: (progress: {read: number}) => void},
): Promise<AppendResult & {read: number}> {
  const result = {read: 0, appended: 0, duplicates: 0}
  let batch: ClawEvent[] = []
  const flush = async () => {
    const {appended, duplicates} = await target.append(batch, {bulk: true})
    result.appended += appended
    result.duplicates += duplicates
    batch = []
    onProgress?.(result)
  }
  for await (const event of events) {
    result.read++
    batch.push(withoutPlace(event))
    if (paced || batch.length >= batchEvents) await flush()
  }
  if (batch.length > 0) await flush()
  return result
}
