import {writeSync} from 'node:fs'
import {migrateWorkspace} from '../../src/lib/migrate/migrate.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'

/** A migration in a process of its own that writes one dot for each event before it is appended. */
const [, , workspace = '', database = '', now = ''] = process.argv
const store = await openSqliteStore(database)
await migrateWorkspace({
  workspace,
  agentId: 'main',
  store,
  lock: async () => ({release: async () => undefined}),
  now: () => Number(now),
  onEvent: () => void writeSync(1, '.'),
})
await store.close()
