import {existsSync} from 'node:fs'
import type {StoreLocation} from '../config/store-settings.ts'
import {ClawError} from '../errors.ts'
import type {EventStore, StoreAdmin} from '../store/port.ts'

/**
 * Opens the log at `location`; the adapter and its driver are loaded only now. With `create` an embedded log that is
 * not there yet is made; without it (readers) it is STORE_MISSING, so that a mistyped path is not read as "no events".
 */
export async function openStore(
  location: StoreLocation,
  {create = false}: {create?: boolean} = {},
): Promise<EventStore> {
  if (location.kind === 'nats') {
    const {openNatsStore} = await import('../store/nats/store.ts')
    return openNatsStore(location)
  }
  if (!create && !existsSync(location.path)) throw missing(location.path)
  const {openSqliteStore} = await import('../store/sqlite/store.ts')
  return openSqliteStore(location.path)
}

export async function openAdmin(location: StoreLocation): Promise<StoreAdmin> {
  if (location.kind === 'nats') {
    const {openNatsAdmin} = await import('../store/nats/admin.ts')
    return openNatsAdmin(location)
  }
  const {openSqliteAdmin} = await import('../store/sqlite/admin.ts')
  return openSqliteAdmin(location.path)
}

function missing(path: string): ClawError {
  return new ClawError('STORE_MISSING', `there is no event log at ${path} yet`, {
    suggestions: [
      '`claw-events stream init` makes it',
      '`claw-events migrate` makes it and fills it from the memory files',
    ],
  })
}
