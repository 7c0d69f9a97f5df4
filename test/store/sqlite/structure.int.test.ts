import {mkdtempSync, rmSync, statSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {StoreAdmin} from '../../../src/lib/store/port.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {openLogFile} from '../../../src/lib/store/sqlite/log-file.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {checkStructure} from '../../../src/lib/store/sqlite/structure.ts'
import {eventsUpTo} from '../../contracts/event-store/events.ts'

// Beyond 16 MiB the structure is checked by a process that can be ended.
describe('verifying a large log', () => {
  let folder: string
  let path: string
  let admin: StoreAdmin
  const {signal} = new AbortController()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'claw-events-structure-'))
    path = join(folder, 'events.db')
    const store = await openSqliteStore(path)
    const text = 'x'.repeat(2 ** 19)
    await store.append(eventsUpTo(40, (index) => ({runId: `run-${index}`, data: {text}})))
    await store.close()
    admin = await openSqliteAdmin(path)
    expect(statSync(path).size).toBeGreaterThan(17 * 2 ** 20)
  })
  afterAll(() => rmSync(folder, {recursive: true}))

  it('finds nothing wrong, with a signal and without', async () => {
    expect(await admin.verify({signal})).toMatchObject({ok: true, events: 40, faults: []})
    expect(await admin.verify()).toMatchObject({ok: true, events: 40, faults: []})
  })

  it('ends when it is told to, while it walks and while the structure is checked', async () => {
    const reason = new Error('stopped')
    const walking = new AbortController()
    setImmediate(() => walking.abort(reason))
    await expect(admin.verify({signal: walking.signal})).rejects.toBe(reason)
    const checking = new AbortController()
    const file = await openLogFile(path, {make: false, busyMs: 1000})
    const checked = checkStructure(file, checking.signal)
    checking.abort(reason)
    await expect(checked).rejects.toBe(reason)
    file.close()
  })

  it('says what is damaged, although every event is whole', async () => {
    const schema = (sql: string) =>
      `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = '${sql}' WHERE name = 'by_ts'`
    for (const step of [
      schema('CREATE INDEX by_ts ON events (ts) WHERE seq <> 7'),
      `UPDATE events SET ts = ts WHERE seq = 7; REINDEX by_ts; ${schema('CREATE INDEX by_ts ON events (ts)')}`,
    ]) {
      const db = new DatabaseSync(path, {defensive: false})
      db.exec(step)
      db.close()
    }
    const damaged = expect.objectContaining({code: 'STORE_CORRUPT', message: expect.stringContaining('by_ts')})
    await expect(admin.verify({signal})).rejects.toThrow(damaged)
    await expect(admin.verify()).rejects.toThrow(damaged)
  })
})
