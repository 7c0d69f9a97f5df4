import path from 'node:path'
import {type ClawEvent, openStore, type StoredEvent} from '../../../src/index.ts'
import type {Host} from './host.ts'

/** The embedded log of a host. */
export function logOf({state}: Pick<Host, 'state'>): string {
  return `sqlite:${path.join(state, 'claw-events', 'events.db')}`
}

/** Every event of a log, in order; none while there is no log. */
export async function readLog(url: string): Promise<StoredEvent[]> {
  const store = await openStore(url, {whenMissing: 'empty'})
  try {
    return await Array.fromAsync(store.read({}))
  } finally {
    await store.close()
  }
}

/** The events of some sessions, and of the runs in them. */
export function eventsOf<T extends ClawEvent>(events: readonly T[], isWanted: (sessionKey: string) => boolean): T[] {
  return events.filter(({sessionKey}) => sessionKey !== undefined && isWanted(sessionKey))
}
