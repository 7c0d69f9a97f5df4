import type {ChildProcess} from 'node:child_process'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readdirSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {createInterface} from 'node:readline'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {allOf, event, ids, idsOf} from '../../contracts/event-store/events.ts'
import {appendInAnotherProcess} from '../../contracts/event-store/other-process.ts'
import {openStore, tempFolder, tempPath} from './temp-log.ts'

const child = new URL('./writer-child.ts', import.meta.url).pathname
const churnChild = new URL('./churn-child.ts', import.meta.url).pathname
const storeModule = new URL('../../../src/lib/store/sqlite/store.ts', import.meta.url).href

function startWriter(path: string, name: string, batch: number): ChildProcess {
  return spawn(process.execPath, [child, path, name, String(batch)], {stdio: ['ignore', 'pipe', 'inherit']})
}

describe('an embedded log shared by processes', () => {
  it('holds what was acknowledged after kill -9 at any moment, its chain whole, and goes on', async () => {
    const path = tempPath()
    const moments = fc.sample(fc.tuple(fc.integer({min: 1, max: 60}), fc.integer({min: 1, max: 40})), {
      seed: 20_261_120,
      numRuns: 12,
    })
    let acknowledged = 0
    for (const [round, [acks, batch]] of moments.entries()) {
      const writer = startWriter(path, `round-${round}`, batch)
      let last = -1
      for await (const line of createInterface({input: writer.stdout!})) {
        last = Number(line)
        // The kill meets it in the middle of one of the next appends.
        if (last >= (acks - 1) * batch) writer.kill('SIGKILL')
      }
      await once(writer, 'close')
      acknowledged += last + 1
      const store = await openStore(path)
      const ours = (await allOf(store.read(everything))).filter(({eventId}) => eventId.startsWith(`round-${round}-`))
      expect(ours.length).toBeGreaterThan(last)
      expect(ids(ours)).toEqual(ours.map((_, index) => `round-${round}-${index}`))
      await store.close()
    }
    const admin = await openSqliteAdmin(path)
    const {ok, events} = await admin.verify()
    expect(ok).toBe(true)
    expect(events).toBeGreaterThanOrEqual(acknowledged)
  })

  it('takes the events of four writers at once, none lost, none refused, each in its order', async () => {
    const path = tempPath()
    const opener = {module: storeModule, call: 'openSqliteStore', args: [path]}
    const names = ['a', 'b', 'c', 'd']
    const written = names.map((name) => eventsOf(name, 1500))
    await Promise.all(written.map((events, index) => appendInAnotherProcess(opener, events, [1, 10, 300, 1500][index])))
    const store = await openStore(path)
    const all = await idsOf(store.read(everything))
    expect(all).toHaveLength(6000)
    for (const [index, name] of names.entries()) {
      expect(all.filter((id) => id.startsWith(`${name}-`))).toEqual(ids(written[index]!))
    }
    await store.close()
    const admin = await openSqliteAdmin(path)
    expect(await admin.verify()).toMatchObject({ok: true, chained: true, events: 6000, faults: []})
  })

  it('stores an event once that four writers append at once', async () => {
    const path = tempPath()
    const opener = {module: storeModule, call: 'openSqliteStore', args: [path]}
    const events = eventsOf('same', 400)
    await Promise.all([1, 3, 7, 50].map((batch) => appendInAnotherProcess(opener, events, batch)))
    const store = await openStore(path)
    expect(await idsOf(store.read(everything))).toEqual(ids(events))
  })

  it('is made, opened and closed by several processes at once without an error or a loss', async () => {
    const folder = tempFolder()
    const rounds = 25
    const processes = ['a', 'b', 'c', 'd'].map((name) => {
      const args = [churnChild, folder, name, String(rounds)]
      return once(spawn(process.execPath, args, {stdio: 'inherit'}), 'close')
    })
    expect(await Promise.all(processes)).toEqual(processes.map(() => [0, null]))
    for (let round = 0; round < rounds; round++) {
      const store = await openStore(join(folder, `${round}.db`))
      expect(await store.count({text: 'text'})).toEqual({count: 16, groups: []})
    }
  })

  it('can be opened though its maker was killed at any moment', async () => {
    const delays = fc.sample(fc.integer({min: 40, max: 140}), {seed: 20_261_121, numRuns: 10})
    for (const delay of delays) {
      const path = tempPath()
      const maker = startWriter(path, 'maker', 1)
      setTimeout(() => maker.kill('SIGKILL'), delay)
      await once(maker, 'close')
      const store = await openStore(path)
      expect(await store.append([event('after')])).toEqual({appended: 1, duplicates: 0})
      await store.close()
      expect((await (await openSqliteAdmin(path)).verify()).ok).toBe(true)
    }
  })

  it('lets a small writer through while a large one has the lock nearly all the time', async () => {
    const path = tempPath()
    const small = await openStore(path)
    const bulk = startWriter(path, 'bulk', 20_000)
    const lines = createInterface({input: bulk.stdout!})[Symbol.asyncIterator]()
    const waits: number[] = []
    for (let index = 0; index < 30; index++) {
      const start = performance.now()
      await small.append([event(`small-${index}`)])
      waits.push(performance.now() - start)
    }
    await lines.next()
    bulk.kill('SIGKILL')
    await once(bulk, 'close')
    // Without turns the small writer would wait for whole calls of the large one, a second each.
    expect(waits.sort((a, b) => a - b)[15]).toBeLessThan(500)
    expect(await idsOf(small.read({types: ['message.received']}, {limit: 30}))).toHaveLength(30)
    expect(readdirSync(dirname(path)).sort()).toEqual(['events.db', 'events.db-shm', 'events.db-wal'])
  })

  it('says who is in the way when another program keeps the file locked', async () => {
    const path = tempPath()
    const store = await openStore(path, {busyMs: 50})
    await store.append([event('a')])
    const {DatabaseSync} = await import('node:sqlite')
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.append([event('b')])).rejects.toMatchObject({code: 'STORE_LOCKED', exit: 1})
    expect(await idsOf(store.read(everything))).toEqual(['a'])
    expect(await idsOf(store.read({text: 'text of a'}))).toEqual(['a'])
    const waiting = store.append([event('c')])
    other.exec('ROLLBACK')
    other.close()
    expect(await waiting).toEqual({appended: 1, duplicates: 0})
  })
})

function eventsOf(name: string, count: number): ClawEvent[] {
  return Array.from({length: count}, (_, index) => event(`${name}-${index}`, {agentId: name}))
}
