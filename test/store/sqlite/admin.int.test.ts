import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs'
import {dirname} from 'node:path'
import {describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {logWith, openStore, query, tamper, tempPath} from './temp-log.ts'

const day = 86_400_000

describe('plan and apply', () => {
  it('make the log, remember its settings, and change nothing the second time', async () => {
    const path = tempPath()
    const admin = await openSqliteAdmin(path)
    const settings = {maxAgeMs: 90 * day, maxBytes: 1_000_000}
    const named = {store: `sqlite:${path}`, stream: 'events'}
    expect(await admin.plan(settings)).toEqual({...named, exists: false, changes: [], notes: []})
    expect(existsSync(path)).toBe(false)
    expect(await admin.list()).toEqual([])
    expect(await admin.apply(settings)).toMatchObject({exists: false})
    expect(await admin.apply(settings)).toEqual({...named, exists: true, changes: [], notes: []})
    expect(await admin.plan({maxAgeMs: 36 * 3_600_000, maxBytes: 0})).toMatchObject({
      exists: true,
      changes: [
        {field: 'maxAge', now: '90d', wanted: '36h'},
        {field: 'maxBytes', now: '1000000', wanted: 'no limit'},
      ],
    })
    expect(await admin.plan({})).toMatchObject({changes: []})
    expect(query(path, 'SELECT max_age_ms, max_bytes FROM log')).toMatchObject([{max_age_ms: 90 * day, max_bytes: 1e6}])
  })

  it('say what an embedded log cannot do', async () => {
    const admin = await openSqliteAdmin(tempPath())
    const {notes} = await admin.plan({replicas: 3, immutable: true})
    expect(notes).toEqual([expect.stringMatching(/3 replicas need a NATS cluster/), expect.stringMatching(/verify/)])
    expect((await admin.plan({replicas: 1})).notes).toEqual([])
  })
})

describe('list and remove', () => {
  it('list describes the log, and remove takes it away with the files beside it', async () => {
    const path = await logWith(eventsUpTo(4))
    const admin = await openSqliteAdmin(path)
    expect(await admin.list()).toMatchObject([{store: `sqlite:${path}`, kind: 'sqlite', events: 4}])
    await admin.remove()
    expect(readdirSync(dirname(path))).toEqual([])
    expect(await admin.list()).toEqual([])
    await expect(admin.remove()).rejects.toMatchObject({code: 'STORE_MISSING', exit: 1})
  })

  it('remove refuses a log that a program has open, which would go on writing into nowhere', async () => {
    const path = await logWith(eventsUpTo(4))
    const store = await openStore(path)
    const admin = await openSqliteAdmin(path)
    await expect(admin.remove()).rejects.toMatchObject({code: 'STORE_LOCKED', message: /open in another program/})
    expect(await store.append([event('more')])).toEqual({appended: 1, duplicates: 0})
    await store.close()
    await admin.remove()
    expect(existsSync(path)).toBe(false)
  })
})

describe('prune', () => {
  const start = Date.parse('2026-11-01T00:00:00.000Z')

  /** One event a day. */
  async function tenDays() {
    let today = start - day
    const now = () => {
      today += day
      return today
    }
    return logWith(eventsUpTo(10), {now})
  }

  it('removes what was stored before a time, and only that', async () => {
    const path = await tenDays()
    const admin = await openSqliteAdmin(path)
    const request = {storedBefore: start + 4 * day}
    expect(await admin.prune({...request, dryRun: true})).toEqual({removed: 4, left: 6})
    expect((await admin.list())[0]?.events).toBe(10)
    expect(await admin.prune(request)).toEqual({removed: 4, left: 6})
    expect(await admin.prune(request)).toEqual({removed: 0, left: 6})
    const store = await openStore(path)
    expect(await idsOf(store.read(everything))).toEqual(ids(eventsUpTo(10).slice(4)))
    expect(await admin.verify()).toMatchObject({ok: true, chained: true, events: 6, faults: []})
  })

  it('removes the oldest until so many bytes are left', async () => {
    const path = await logWith(eventsUpTo(100, () => ({data: {text: 'x'.repeat(1000)}})))
    const admin = await openSqliteAdmin(path)
    const maxBytes = 50_000
    const dry = await admin.prune({maxBytes, dryRun: true})
    expect(await admin.prune({maxBytes})).toEqual(dry)
    const [log] = await admin.list()
    expect(log?.bytes).toBeLessThanOrEqual(maxBytes)
    expect(log?.bytes).toBeGreaterThan(maxBytes - 2000)
    expect(query(path, 'SELECT sum(octet_length(body)) AS bytes, count(*) AS events FROM events')).toMatchObject([
      {bytes: log?.bytes, events: log?.events},
    ])
  })

  it('may remove everything: positions go on, ids may come back, the chain stays whole', async () => {
    const path = await logWith(eventsUpTo(5))
    const admin = await openSqliteAdmin(path)
    const [before] = await admin.list()
    expect(await admin.prune({maxBytes: 0})).toEqual({removed: 5, left: 0})
    expect(await admin.verify()).toMatchObject({ok: true, chained: true, events: 0, faults: []})
    const store = await openStore(path)
    expect(await store.describe()).toMatchObject({events: 0, bytes: 0, first: null, last: null})
    expect(await store.head()).toBe(before?.last?.position)
    expect(await store.append([event('e-0')])).toEqual({appended: 1, duplicates: 0})
    expect(await store.head()).toBe('0000000000000006')
    expect(await admin.verify()).toMatchObject({ok: true, chained: true, events: 1, faults: []})
  })

  it('leaves no trace of what was removed, in no file', async () => {
    const secret = 'xylophonequartz'
    const path = await logWith([event('secret', {agentId: secret, data: {text: `a ${secret} b`}}), ...eventsUpTo(3000)])
    const store = await openStore(path)
    expect(await idsOf(store.read({text: secret}))).toEqual(['secret'])
    await store.append(eventsUpTo(6000).slice(3000))
    expect(await store.count({text: secret})).toEqual({count: 1, groups: []})
    await store.close()
    expect(readFileSync(path).includes(secret)).toBe(true)
    const admin = await openSqliteAdmin(path)
    await admin.prune({maxBytes: (await admin.list())[0]!.bytes - 1})
    for (const name of readdirSync(dirname(path))) {
      expect(readFileSync(`${dirname(path)}/${name}`).includes(secret)).toBe(false)
    }
    const again = await openStore(path)
    expect(await again.count({text: secret})).toEqual({count: 0, groups: []})
    expect(await again.count({text: 'text'})).toEqual({count: 6000, groups: []})
  })

  it('gives the space back to the disk', async () => {
    const path = await logWith(eventsUpTo(5000, () => ({data: {text: 'many words here '.repeat(30)}})))
    const size = statSync(path).size
    const admin = await openSqliteAdmin(path)
    await admin.prune({maxBytes: 100_000})
    expect(statSync(path).size).toBeLessThan(size / 10)
  })

  it('does not stop those who append and read', async () => {
    const path = await logWith(eventsUpTo(5000), {now: () => start})
    const store = await openStore(path)
    const admin = await openSqliteAdmin(path)
    const pruning = admin.prune({storedBefore: start + 1})
    for (let index = 0; index < 20; index++) await store.append([event(`late-${index}`)])
    const read = await idsOf(store.read(everything))
    expect(read.filter((id) => id.startsWith('late-'))).toHaveLength(20)
    expect(await pruning).toMatchObject({removed: 5000})
    expect(await admin.verify()).toMatchObject({ok: true, chained: true, events: 20, faults: []})
  })

  it('does not hide that an event was missing before', async () => {
    const path = await logWith(eventsUpTo(10))
    tamper(path, 'DELETE FROM events WHERE seq = 7')
    const admin = await openSqliteAdmin(path)
    const [{bytes = 0} = {}] = await admin.list()
    await admin.prune({maxBytes: bytes - 1000})
    expect((await admin.verify()).faults).toMatchObject([{position: '0000000000000007', kind: 'missing'}])
  })
})

describe('prune with live readers', () => {
  it('removes nothing at or after the position that is to be kept', async () => {
    const path = await logWith(eventsUpTo(10), {now: () => 5})
    const admin = await openSqliteAdmin(path)
    const all = {storedBefore: 6, maxBytes: 1}
    expect(await admin.prune({...all, keepFrom: ''})).toEqual({removed: 0, left: 10})
    expect(await admin.prune({...all, keepFrom: '0000000000000004', dryRun: true})).toEqual({removed: 3, left: 7})
    expect(await admin.prune({...all, keepFrom: '0000000000000004'})).toEqual({removed: 3, left: 7})
    expect(await admin.prune({...all, keepFrom: '0000000000000002'})).toEqual({removed: 0, left: 7})
    expect(await admin.prune({storedBefore: 1, keepFrom: '0000000000000009'})).toEqual({removed: 0, left: 7})
    const store = await openStore(path)
    expect(await idsOf(store.read(everything))).toEqual(ids(eventsUpTo(10).slice(3)))
    await expect(admin.prune({...all, keepFrom: 'x'})).rejects.toMatchObject({code: 'INPUT_INVALID'})
  })
})

describe('retention', () => {
  const start = Date.parse('2026-11-01T00:00:00.000Z')

  /** One event an hour. */
  async function manyHours(events: number) {
    let time = start - 3_600_000
    const now = () => {
      time += 3_600_000
      return time
    }
    return logWith(
      eventsUpTo(events, () => ({data: {text: 'x'.repeat(500)}})),
      {now},
    )
  }

  it('removes what is older than the log was told to keep, once a portion of it is due', async () => {
    const path = await manyHours(200)
    let now = start + 4 * day
    const admin = await openSqliteAdmin(path, {now: () => now})
    expect(await admin.applyRetention()).toEqual({removed: 0, left: 200})
    await admin.apply({maxAgeMs: 4 * day})
    expect(await admin.applyRetention()).toEqual({removed: 0, left: 200})
    now = start + 4 * day + 2 * 3_600_000
    expect(await admin.applyRetention()).toEqual({removed: 0, left: 200})
    now = start + 4 * day + 4 * 3_600_000
    expect(await admin.applyRetention({keepFrom: '0000000000000003'})).toEqual({removed: 2, left: 198})
    expect(await admin.applyRetention()).toEqual({removed: 0, left: 198})
    now = start + 4 * day + 6 * 3_600_000
    expect(await admin.applyRetention()).toEqual({removed: 4, left: 194})
    expect(await admin.applyRetention()).toEqual({removed: 0, left: 194})
    expect(await admin.verify()).toMatchObject({ok: true, events: 194})
  })

  it('removes the oldest when the log is larger than it was told to be, and goes a little below that', async () => {
    const path = await manyHours(200)
    const admin = await openSqliteAdmin(path, {now: () => start})
    const [{bytes = 0} = {}] = await admin.list()
    await admin.apply({maxBytes: bytes})
    expect(await admin.applyRetention()).toEqual({removed: 0, left: 200})
    const maxBytes = Math.floor(bytes / 2)
    const {left} = await admin.applyRetention({maxBytes})
    expect(left).toBeLessThan(100)
    expect(left).toBeGreaterThan(90)
    expect((await admin.list())[0]?.bytes).toBeLessThan(maxBytes * (31 / 32))
    expect(await admin.applyRetention({maxBytes})).toEqual({removed: 0, left})
    expect(await admin.applyRetention({maxBytes: 0, maxAgeMs: 0})).toEqual({removed: 0, left})
  })
})

describe('lock', () => {
  it('is held by one at a time, names its holder, and is free once released', async () => {
    const path = tempPath()
    const one = await openSqliteAdmin(path)
    const other = await openSqliteAdmin(path)
    const lease = await one.lock('migrate')
    await expect(other.lock('migrate')).rejects.toMatchObject({
      code: 'LOCK_HELD',
      exit: 1,
      message: expect.stringMatching(new RegExp(`process ${process.pid} on .+ is doing "migrate" .+ since 20\\d\\d-`)),
    })
    const another = await other.lock('another task')
    await lease.release()
    await lease.release()
    const next = await other.lock('migrate')
    await Promise.all([next.release(), another.release()])
  })

  it('goes to exactly one of many that ask at the same moment', async () => {
    const path = tempPath()
    const admins = await Promise.all(Array.from({length: 6}, () => openSqliteAdmin(path)))
    const results = await Promise.allSettled(admins.map((admin) => admin.lock('migrate')))
    const leases = results.filter((result) => result.status === 'fulfilled')
    expect(leases).toHaveLength(1)
    for (const {value} of leases) await value.release()
  })

  it('ends with the process that held it, also when that was killed', async () => {
    const path = tempPath()
    const child = new URL('./lock-child.ts', import.meta.url).pathname
    const holder = spawn(process.execPath, [child, path], {stdio: ['ignore', 'pipe', 'inherit']})
    await once(holder.stdout!, 'data')
    const admin = await openSqliteAdmin(path)
    await expect(admin.lock('migrate')).rejects.toMatchObject({
      message: expect.stringContaining(`process ${holder.pid}`),
    })
    holder.kill('SIGKILL')
    await once(holder, 'close')
    const lease = await admin.lock('migrate')
    await lease.release()
  })

  it('ends when it was not renewed, though another process has the number of its holder by now', async () => {
    const path = tempPath()
    let time = 1_000_000
    const admin = await openSqliteAdmin(path, {now: () => time})
    const lost = await admin.lock('migrate')
    time += 59_000
    await expect(admin.lock('migrate')).rejects.toMatchObject({code: 'LOCK_HELD'})
    time += 2000
    const lease = await admin.lock('migrate')
    // The release of the one who lost it does not free it.
    await lost.release()
    await expect(admin.lock('migrate')).rejects.toMatchObject({code: 'LOCK_HELD'})
    await lease.release()
  })
})
