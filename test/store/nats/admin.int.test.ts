import {hostname} from 'node:os'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openNatsAdmin} from '../../../src/lib/store/nats/admin.ts'
import {openLink} from '../../../src/lib/store/nats/link.ts'
import {takeLock} from '../../../src/lib/store/nats/lock.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import type {StoreAdmin} from '../../../src/lib/store/port.ts'
import {event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {bareClient, newLog, reconfigure} from './a-log.ts'

const dayMs = 86_400_000
let names = 0

describe.each(natsBinaries)('administration on nats-server %s', (binary) => {
  let server: NatsServer
  beforeAll(async () => {
    server = await startNats({binary})
  })
  afterAll(() => server.stop())

  function freshOptions() {
    const name = `admin-${names++}`
    return {url: server.url, stream: name, prefix: `admin.${name}`}
  }

  async function withAdmin<T>(options: NatsOptions, task: (admin: StoreAdmin) => Promise<T>): Promise<T> {
    const admin = await openNatsAdmin(options)
    try {
      return await task(admin)
    } finally {
      await admin.close()
    }
  }

  async function configOf(stream: string) {
    const {jsm, close} = await bareClient(server.url)
    const {config} = await jsm.streams.info(stream)
    await close()
    return config
  }

  it('makes a stream with our settings, and leaves it alone the second time', async () => {
    const options = freshOptions()
    await withAdmin(options, async (admin) => {
      expect(await admin.plan({})).toMatchObject({
        store: server.url,
        stream: options.stream,
        exists: false,
        changes: [],
      })
      const notes = binary === '2.9' ? [/compress/, /removes migrated memory after 90d/] : []
      expect((await admin.apply({})).notes).toEqual(notes.map((note) => expect.stringMatching(note)))
      expect(await admin.plan({})).toMatchObject({exists: true, changes: []})
      expect(await admin.apply({})).toMatchObject({exists: true, changes: []})
    })
    expect(await configOf(options.stream)).toMatchObject({
      subjects: [`${options.prefix}.>`],
      storage: 'file',
      retention: 'limits',
      discard: 'old',
      max_age: 90 * dayMs * 1e6,
      max_bytes: -1,
      num_replicas: 1,
      allow_direct: true,
      deny_delete: false,
      duplicate_window: 120e9,
      ...(binary === 'current' && {compression: 's2', allow_msg_ttl: true}),
    })
  })

  it('shows what it would change, and changes only that', async () => {
    const options = freshOptions()
    await withAdmin(options, async (admin) => {
      await admin.apply({maxAgeMs: 7 * dayMs})
      await reconfigure(server.url, options.stream, {description: 'made by somebody else', max_msgs: 1_000_000})
      const asked = {maxAgeMs: 60_000, maxBytes: 1_000_000, immutable: true}
      const {changes} = await admin.plan(asked)
      expect(changes).toEqual([
        {field: 'max age', now: '7d', wanted: '1m'},
        {field: 'max bytes', now: 'no limit', wanted: '1000000'},
        {field: 'immutable', now: 'no', wanted: 'yes'},
        {field: 'duplicate window', now: '2m', wanted: '1m'},
      ])
      expect((await configOf(options.stream)).max_age).toBe(7 * dayMs * 1e6)
      await admin.apply(asked)
      expect(await admin.plan(asked)).toMatchObject({changes: []})
      expect(await admin.plan({maxAgeMs: 0})).toMatchObject({changes: [{now: '1m', wanted: 'for ever'}]})
      await expect(admin.plan({immutable: false})).rejects.toMatchObject({code: 'STORE_CONFLICT'})
    })
    expect(await configOf(options.stream)).toMatchObject({description: 'made by somebody else', max_msgs: 1_000_000})
  })

  it('says when a cluster is needed', async () => {
    await withAdmin(freshOptions(), async (admin) => {
      await expect(admin.apply({replicas: 3})).rejects.toMatchObject({
        code: 'STORE_FAILED',
        message: expect.stringMatching(/replicas/),
      })
    })
  })

  it('refuses a stream of its name with other subjects, or one that forgets what was read', async () => {
    const options = freshOptions()
    const {jsm, close} = await bareClient(server.url)
    await jsm.streams.add({name: options.stream, subjects: [`orders.${options.stream}`]})
    const failure = {code: 'STORE_CONFLICT', exit: 1, message: expect.stringContaining(`orders.${options.stream}`)}
    await withAdmin(options, (admin) => expect(admin.plan({})).rejects.toMatchObject(failure))
    const queue = freshOptions()
    await jsm.streams.add({name: queue.stream, subjects: [`${queue.prefix}.>`], retention: 'workqueue'})
    await withAdmin(queue, (admin) => expect(admin.apply({})).rejects.toMatchObject({code: 'STORE_CONFLICT'}))
    await close()
  })

  it('names the stream whose subjects overlap, and what to do', async () => {
    const options = freshOptions()
    const {jsm, close} = await bareClient(server.url)
    await jsm.streams.add({name: `${options.stream}-other`, subjects: [`${options.prefix}.main.>`]})
    await close()
    await withAdmin(options, async (admin) => {
      const failure = await admin.apply({}).catch((thrown) => thrown)
      expect(failure).toMatchObject({code: 'STORE_CONFLICT', exit: 1})
      expect(failure.message).toContain(`${options.stream}-other`)
      expect(failure.suggestions).toHaveLength(2)
    })
  })

  it('makes streams of agents beside the one that all share, and each takes its own events only', async () => {
    const own = await startNats({binary})
    const all = [{url: own.url}, ...['main', 'my agent', 'a.b', '>', 'ünï'].map((agent) => ({url: own.url, agent}))]
    for (const options of all) await withAdmin(options, (admin) => admin.apply({}))
    for (const [index, options] of all.entries()) {
      const store = await openNatsStore(options)
      await store.append([event(`e-${index}`, {agentId: 'main'})])
      expect(await idsOf(store.read(everything))).toEqual([`e-${index}`])
      await store.close()
    }
    await own.stop()
  })

  it('proposes what works, whatever is there: other streams, other subjects, odd names', async () => {
    const own = await startNats({binary})
    const {jsm, close} = await bareClient(own.url)
    await jsm.streams.add({name: 'everything', subjects: ['openclaw.>']})
    await jsm.streams.add({name: 'my agent’s'.replace(' ', '-'), subjects: ['my%20agent.>']})
    await jsm.streams.add({name: 'odd', subjects: ['odd.*.x', 'odd-2.>']})
    await jsm.streams.add({name: 'queue', subjects: ['queue.>'], retention: 'workqueue'})
    await close()
    const options: NatsOptions[] = [
      {url: own.url},
      {url: own.url, agent: 'one'},
      {url: own.url, agent: "it's"},
      {url: `${own.url}?stream=new&prefix=my%2520agent.deep.down`},
      {url: `${own.url}?stream=odd&prefix=odd.a.x`},
      {url: `${own.url}?stream=queue&prefix=queue`},
      {url: `${own.url}?stream=queue&prefix=other`},
    ]
    for (const one of options) {
      const failure = await withAdmin(one, (admin) => admin.apply({}).catch((thrown) => thrown))
      expect(failure).toMatchObject({code: 'STORE_CONFLICT'})
      expect(failure.suggestions.length).toBeGreaterThan(0)
      for (const suggestion of failure.suggestions) {
        const url = /--store '([^']+)'$/.exec(suggestion)?.[1] ?? ''
        await withAdmin({url}, (admin) => admin.apply({}))
        const store = await openNatsStore({url})
        expect(await store.append([event(`proposed-${names++}`)])).toEqual({appended: 1, duplicates: 0})
        await store.close()
      }
    }
    await own.stop()
  })

  it('lists the logs beside this one, and neither locks nor other streams', async () => {
    const [first, second] = [await newLog(server.url), await newLog(server.url)]
    const store = await openNatsStore(first)
    await store.append(eventsUpTo(3))
    await store.close()
    await withAdmin(second, async (admin) => {
      await (await admin.lock('migrate')).release()
      const listed = await admin.list()
      const names = listed.map(({stream}) => stream)
      expect(names).toEqual(expect.arrayContaining([first.stream, second.stream]))
      expect(names.some((name) => name.endsWith('-locks') || name.endsWith('-other'))).toBe(false)
      expect(listed.find(({stream}) => stream === first.stream)).toMatchObject({events: 3, kind: 'nats'})
      await admin.remove()
      expect((await admin.list()).map(({stream}) => stream)).not.toContain(second.stream)
      expect(await admin.plan({})).toMatchObject({exists: false})
      await expect(admin.remove()).rejects.toMatchObject({code: 'STORE_MISSING'})
    })
  })

  it('removes what was stored before a time, and says before how many that would be', async () => {
    const options = await newLog(server.url)
    const store = await openNatsStore(options)
    await store.append(eventsUpTo(30))
    const between = Date.now() + 2
    await expect.poll(() => Date.now(), {interval: 1}).toBeGreaterThan(between)
    await store.append([event('x'), event('y')])
    await withAdmin(options, async (admin) => {
      expect(await admin.prune({storedBefore: between, dryRun: true})).toEqual({removed: 30, left: 2})
      expect(await idsOf(store.read(everything))).toHaveLength(32)
      expect(await admin.prune({storedBefore: between})).toEqual({removed: 30, left: 2})
      expect(await admin.prune({storedBefore: between})).toEqual({removed: 0, left: 2})
      expect(await idsOf(store.read(everything))).toEqual(['x', 'y'])
      expect(await admin.prune({storedBefore: Date.now() + dayMs})).toEqual({removed: 2, left: 0})
      expect(await admin.prune({storedBefore: Date.now() + dayMs})).toEqual({removed: 0, left: 0})
    })
    expect(await store.append([event('z')])).toEqual({appended: 1, duplicates: 0})
    expect(await idsOf(store.read(everything))).toEqual(['z'])
    await store.close()
  })

  it('removes the oldest until the rest fits, and no more than that', async () => {
    const options = await newLog(server.url)
    const store = await openNatsStore(options)
    await store.append(eventsUpTo(400, (index) => ({data: {text: 'x'.repeat(index * 7)}})))
    const {bytes} = await store.describe()
    const head = await store.head()
    const maxBytes = Math.floor(bytes / 2)
    await withAdmin(options, async (admin) => {
      const planned = await admin.prune({maxBytes, dryRun: true})
      expect(await admin.prune({maxBytes})).toEqual(planned)
      expect((await store.describe()).bytes).toBeLessThanOrEqual(maxBytes)
      expect((await store.describe()).bytes).toBeGreaterThan(maxBytes - 4000)
      expect(await idsOf(store.read(everything))).toEqual(ids(eventsUpTo(400)).slice(planned.removed))
      expect(await admin.prune({maxBytes: 0})).toEqual({removed: planned.left, left: 0})
      expect(await store.head()).toBe(head)
    })
    await store.close()
  })

  it('gives a lock to one at a time, and names its holder', async () => {
    const options = await newLog(server.url)
    const [one, other] = [await openNatsAdmin(options), await openNatsAdmin(options)]
    const lease = await one.lock('migrate')
    await expect(other.lock('migrate')).rejects.toMatchObject({
      code: 'LOCK_HELD',
      message: expect.stringMatching(new RegExp(`migrate .*${hostname()} \\(pid ${process.pid}, since 20`)),
    })
    await (await other.lock('import')).release()
    await lease.release()
    await lease.release()
    const taken = await Promise.allSettled(Array.from({length: 8}, () => other.lock('migrate')))
    expect(taken.filter(({status}) => status === 'fulfilled')).toHaveLength(1)
    await Promise.all([one.close(), other.close()])
  })

  it('takes a lock over from a process of this machine that died', async () => {
    const options = await newLog(server.url)
    await withAdmin(options, async (admin) => {
      await admin.lock('migrate')
      const {jsm, close} = await bareClient(server.url)
      const locks = `${options.stream}-locks`
      const subject = `claw-events-locks.${options.stream}.migrate`
      const held = await jsm.streams.getMessage(locks, {last_by_subj: subject})
      const holder = held?.json<Record<string, unknown>>()
      const put = (fields: object) => jsm.jetstream().publish(subject, JSON.stringify({...holder, ...fields}))
      // The largest process id that Linux gives is below this one.
      const dead = 2 ** 22 + 1
      await put({pid: dead, host: 'elsewhere'})
      await expect(admin.lock('migrate')).rejects.toMatchObject({
        code: 'LOCK_HELD',
        message: expect.stringContaining('elsewhere'),
      })
      await jsm.jetstream().publish(subject, 'what no holder writes')
      await (await admin.lock('migrate')).release()
      await put({pid: dead, space: 'another container'})
      await expect(admin.lock('migrate')).rejects.toMatchObject({code: 'LOCK_HELD'})
      await put({pid: dead})
      await (await admin.lock('migrate')).release()
      await close()
    })
  })
})

describe('a lock that is held for longer than a lease', () => {
  it('stays with its holder while that renews it, and ends when that is cut off', async () => {
    const server = await startNats({binary: 'current'})
    const options = await newLog(server.url)
    const {jsm, close} = await bareClient(server.url)
    await jsm.streams.delete(`${options.stream}-locks`)
    await close()
    const [holder, other] = [await openLink(options), await openLink(options)]
    await takeLock(holder, 'migrate', 900)
    const taken = performance.now()
    for (; performance.now() - taken < 2000; await new Promise((resolve) => setTimeout(resolve, 50))) {
      await expect(takeLock(other, 'migrate', 900)).rejects.toMatchObject({code: 'LOCK_HELD'})
    }
    await holder.close()
    await expect.poll(() => takeLock(other, 'migrate', 900).then(() => 'taken', String), {timeout: 5000}).toBe('taken')
    await other.close()
    await server.stop()
  })
})

describe('on a server that can exempt messages from the age limit', () => {
  it('migrated memory outlives it, everything else does not', async () => {
    const server = await startNats({binary: 'current'})
    const options = await newLog(server.url, {maxAgeMs: 1000})
    const store = await openNatsStore(options)
    await store.append([
      event('note', {type: 'memory.daily_note'}),
      event('talk'),
      event('section', {type: 'memory.section'}),
      event('call', {type: 'tool.called'}),
    ])
    expect(await idsOf(store.read(everything))).toHaveLength(4)
    await expect
      .poll(() => idsOf(store.read(everything)), {timeout: 10_000, interval: 100})
      .toEqual(['note', 'section'])
    await store.close()
    await server.stop()
  })
})
