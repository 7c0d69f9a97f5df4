import {storeLocation} from '../config/store-settings.ts'
import type {EventStore} from '../store/port.ts'
import {type OpenOptions, openStore} from './open-store.ts'

/**
 * Opens the event log at a store URL: `sqlite:PATH`, `nats://…`, `tls://…`. Nothing but the URL is looked at; errors
 * are ClawErrors whose messages hold no password.
 */
export async function openStoreUrl(url: string, options?: OpenOptions): Promise<EventStore> {
  return openStore(storeLocation({url}, {stateDir: '.'}), options)
}
