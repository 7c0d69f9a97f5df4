import {chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {afterEach, describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {allOf, event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {follower} from '../../contracts/event-store/follower.ts'
import {logWith, openStore, query, tamper, tempFolder, tempPath} from './temp-log.ts'

function failure(code: string, message: RegExp) {
  return expect.objectContaining({name: 'ClawError', code, exit: 1, message: expect.stringMatching(message)})
}

describe('the file of an embedded log', () => {
  const umask = process.umask()
  afterEach(() => {
    process.umask(umask)
  })

  it('is private, with its directory and the files beside it, under any umask', async () => {
    process.umask(0o000)
    const path = tempPath()
    const store = await openStore(path)
    await store.append([event('a')])
    const folder = dirname(path)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const files = readdirSync(folder)
    expect(files.sort()).toEqual(['events.db', 'events.db-shm', 'events.db-wal'])
    for (const name of files) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  })

  it('can be used by its owner though the umask takes all rights away', async () => {
    process.umask(0o777)
    const path = tempPath()
    const store = await openStore(path)
    await store.append([event('a')])
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('leaves the rights of a directory that was there as they are', async () => {
    const folder = tempFolder()
    chmodSync(folder, 0o755)
    await openStore(join(folder, 'events.db'))
    expect(statSync(folder).mode & 0o777).toBe(0o755)
  })

  it('holds plain JSON that any SQLite tool can read, and is one file once it is closed', async () => {
    const path = await logWith([event('a', {data: {text: 'größer'}})])
    expect(readdirSync(dirname(path))).toEqual(['events.db'])
    const [row] = query(path, "SELECT seq, body ->> '$.data.text' AS text, type FROM events")
    expect({...row}).toEqual({seq: 1, text: 'größer', type: 'message.received'})
  })

  it('may be named by a symbolic link and have any characters in its name', async () => {
    const folder = tempFolder()
    const path = join(folder, 'a ?b#c%20é.db')
    const store = await openStore(path)
    await store.append([event('a')])
    symlinkSync(path, join(folder, 'link.db'))
    const other = await openStore(join(folder, 'link.db'))
    expect(await idsOf(other.read(everything))).toEqual(['a'])
  })

  it('is made once by many that open it at the same moment', async () => {
    const path = tempPath()
    const stores = await Promise.all(Array.from({length: 8}, () => openStore(path)))
    await Promise.all(stores.map((store, index) => store.append([event(`e-${index}`)])))
    expect(await allOf(stores[0]!.read(everything))).toHaveLength(8)
  })

  it('is taken over when somebody made it empty', async () => {
    const path = join(tempFolder(), 'events.db')
    writeFileSync(path, '')
    const store = await openStore(path)
    expect(await store.append([event('a')])).toEqual({appended: 1, duplicates: 0})
  })
})

describe('a file that is no embedded log', () => {
  it('that is no database is refused and left as it was', async () => {
    const path = join(tempFolder(), 'notes.txt')
    writeFileSync(path, 'these are my notes, and they are long enough to be read as a header of something\n'.repeat(50))
    const before = readFileSync(path)
    await expect(openSqliteStore(path)).rejects.toEqual(failure('STORE_CORRUPT', /notes\.txt is not an event log/))
    const admin = await openSqliteAdmin(path)
    await expect(admin.remove()).rejects.toEqual(failure('STORE_CORRUPT', /is not an event log/))
    expect(readFileSync(path)).toEqual(before)
  })

  it("that is another program's database is refused and left as it was", async () => {
    const path = join(tempFolder(), 'other.db')
    const db = new DatabaseSync(path)
    db.exec('CREATE TABLE events (id INTEGER)')
    db.close()
    const before = readFileSync(path)
    await expect(openSqliteStore(path)).rejects.toEqual(failure('STORE_CONFLICT', /database of another program/))
    const admin = await openSqliteAdmin(path)
    for (const call of [admin.remove(), admin.plan({}), admin.apply({maxBytes: 1}), admin.verify(), admin.lock('x')]) {
      await expect(call).rejects.toEqual(failure('STORE_CONFLICT', /database of another program/))
    }
    expect(readFileSync(path)).toEqual(before)
  })

  it('of a newer release is refused with what to do', async () => {
    const path = await logWith([event('a')])
    tamper(path, 'PRAGMA user_version = 99')
    await expect(openSqliteStore(path)).rejects.toEqual(failure('STORE_CONFLICT', /newer release \(its format is 99\)/))
  })

  it('that is a directory is refused', async () => {
    const folder = tempFolder()
    await expect(openSqliteStore(folder)).rejects.toEqual(failure('STORE_FAILED', /is a directory/))
  })

  it('is not made when it shall only be read', async () => {
    const path = tempPath()
    await expect(openSqliteStore(path, {readOnly: true})).rejects.toEqual(failure('STORE_MISSING', /no event log at/))
    expect(readdirSync(join(dirname(path), '..'))).toEqual([])
  })

  it('cannot be made below a file', async () => {
    const folder = tempFolder()
    writeFileSync(join(folder, 'file'), 'x')
    const opening = openSqliteStore(join(folder, 'file', 'events.db'))
    await expect(opening).rejects.toEqual(failure('STORE_FAILED', /cannot be made/))
  })

  it('that is damaged in the middle says so and names what to do', async () => {
    const path = await logWith(eventsUpTo(500))
    const bytes = readFileSync(path)
    bytes.fill(0xff, 4096 * 40, 4096 * 80)
    writeFileSync(path, bytes)
    const store = await openStore(path)
    const reading = allOf(store.read(everything))
    await expect(reading).rejects.toEqual(failure('STORE_CORRUPT', /is damaged/))
    await expect(reading).rejects.toMatchObject({
      suggestions: expect.arrayContaining([expect.stringContaining('verify')]),
    })
  })
})

describe('a log whose file is taken away while it is open', () => {
  it('takes events into a new file, rather than into one that nobody can find any more', async () => {
    const path = tempPath()
    const store = await openStore(path)
    await store.append([event('a')])
    removeFiles(path)
    expect(await store.append([event('b')])).toEqual({appended: 1, duplicates: 0})
    expect(await idsOf(store.read(everything))).toEqual(['b'])
    expect(query(path, 'SELECT count(*) AS events FROM events')).toMatchObject([{events: 1}])
  })

  it('tells readers that it is gone', async () => {
    const path = tempPath()
    const store = await openStore(path)
    await store.append([event('a')])
    removeFiles(path)
    await expect(allOf(store.read(everything))).rejects.toEqual(failure('STORE_MISSING', /no event log at/))
    expect(readdirSync(dirname(path))).toEqual([])
  })

  it('tells followers when it is gone and follows the new one from its start', async () => {
    const path = tempPath()
    const reader = await openStore(path)
    await reader.append(eventsUpTo(3))
    const tail = follower(reader, everything, '')
    await tail.has('e-2')
    removeFiles(path)
    await tail.turns('silent')
    const writer = await openStore(path)
    await writer.append([event('new-1'), event('new-2')])
    await tail.has('new-2')
    expect(tail.seen.map(({eventId}) => eventId)).toEqual(['e-0', 'e-1', 'e-2', 'new-1', 'new-2'])
    expect(tail.health.map(({state}) => state)).toEqual(['live', 'silent', 'live'])
    await tail.stop()
  })

  it('follows the new file also when its own process made it', async () => {
    const path = tempPath()
    const store = await openStore(path)
    await store.append(eventsUpTo(3))
    const tail = follower(store, everything, '')
    await tail.has('e-2')
    removeFiles(path)
    await store.append([event('new-1'), event('new-2'), event('new-3'), event('new-4')])
    await tail.has('new-4')
    expect(tail.seen.map(({eventId}) => eventId)).toEqual([...ids(eventsUpTo(3)), 'new-1', 'new-2', 'new-3', 'new-4'])
    await tail.stop()
  })

  it('follows from the start when the position was given by a log that is no more', async () => {
    const store = await openStore(tempPath())
    await store.append(eventsUpTo(3))
    const tail = follower(store, everything, '0000000000000042')
    await tail.has('e-2')
    expect(ids(tail.seen)).toEqual(ids(eventsUpTo(3)))
    await tail.stop()
  })
})

function removeFiles(path: string): void {
  mkdirSync(dirname(path), {recursive: true})
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, {force: true})
}
