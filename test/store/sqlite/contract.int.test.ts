import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import type {OpenedStore} from '../../contracts/event-store.ts'
import {eventStoreContract} from '../../contracts/event-store.ts'

async function openLog(): Promise<OpenedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-events-sqlite-'))
  const path = join(folder, 'log', 'events.db')
  return {
    store: await openSqliteStore(path),
    reopen: () => openSqliteStore(path),
    opener: {
      module: new URL('../../../src/lib/store/sqlite/store.ts', import.meta.url).href,
      call: 'openSqliteStore',
      args: [path],
    },
    release: () => rm(folder, {recursive: true}),
  }
}

eventStoreContract('sqlite', openLog, {persistent: true, largeEvents: 'whole'})
