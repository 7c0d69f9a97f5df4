import path from 'node:path'
import {openStore, type StoredEvent} from '../../../src/index.ts'
import {storeLocation} from '../../../src/lib/config/store-settings.ts'
import {openAdmin} from '../../../src/lib/wiring/open-store.ts'
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

/** What `claw-events stream init` does. */
export async function makeStream(url: string): Promise<void> {
  const admin = await openAdmin(storeLocation({url}, {stateDir: '.'}))
  await admin.apply({})
  await admin.close()
}
