import {messageOf} from '../errors.ts'
import type {EventStore} from '../store/port.ts'
import {type Check, fine, wrong} from './check.ts'
import {checkDurability} from './check-durability.ts'

/** Whether the log answers, and what an acknowledged event survives in it. */
export async function checkLog(open: () => Promise<EventStore>): Promise<Check[]> {
  let store: EventStore
  try {
    store = await open()
  } catch (error) {
    const [fix] = error instanceof Error && 'suggestions' in error ? (error.suggestions as string[]) : []
    return [wrong('store.reachable', 'error', messageOf(error), fix)]
  }
  try {
    const description = await store.describe()
    const {store: url, events, last} = description
    const newest = last === null ? '' : `, the newest stored ${last.storedAt}`
    return [fine('store.reachable', `${url}: ${events} events${newest}`), ...checkDurability(description)]
  } catch (error) {
    return [wrong('store.reachable', 'error', messageOf(error))]
  } finally {
    await store.close()
  }
}

/** Whether everything that was to be recorded is. */
export async function checkDrops(store: EventStore): Promise<Check[]> {
  const [newest] = await Array.fromAsync(store.read({types: ['capture.dropped']}, {order: 'desc', limit: 1}))
  if (newest === undefined) return [fine('capture.complete', 'no event was dropped')]
  const message = `${newest.data['count']} events were dropped around ${newest.timestamp}: ${newest.data['reason']}`
  return [wrong('capture.complete', 'warning', message, "claw-events query --type 'capture.dropped'")]
}
