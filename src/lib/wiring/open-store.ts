import {existsSync} from 'node:fs'
import type {SqliteLocation, StoreLocation} from '../config/store-settings.ts'
import {ClawError} from '../errors.ts'
import type {EventStore, StoreAdmin} from '../store/port.ts'

export interface OpenOptions {
  /**
   * What to do about an embedded log that is not there yet: `fail` (STORE_MISSING, the default: a mistyped path must
   * not be read as "no events"), `create` it, or stand in with an `empty` one that is gone when it is closed.
   */
  whenMissing?: 'fail' | 'create' | 'empty'
}

/** Opens the log at `location`; the adapter and its driver are loaded only now. */
export async function openStore(
  location: StoreLocation,
  {whenMissing = 'fail'}: OpenOptions = {},
): Promise<EventStore> {
  if (location.kind === 'nats') {
    const {openNatsStore} = await import('../store/nats/store.ts')
    return openNatsStore(location)
  }
  if (whenMissing !== 'create' && !existsSync(location.path)) {
    if (whenMissing === 'fail') throw missing(location)
    const {openMemoryStore} = await import('../store/memory/store.ts')
    return openMemoryStore()
  }
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

function missing({path, origin}: SqliteLocation): ClawError {
  const flag = origin === '--store' ? ` --store sqlite:${path}` : ''
  return new ClawError('STORE_MISSING', `there is no event log at ${path} yet`, {
    suggestions: [
      `\`claw-events stream init${flag}\` makes it`,
      `\`claw-events migrate${flag}\` makes it and fills it from the memory files`,
    ],
  })
}
