import {afterEach, describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import type {EventStore} from '../../../src/lib/store/port.ts'
import {allOf, event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {type Follower, follower} from '../../contracts/event-store/follower.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {bareClient, newLog, reconfigure} from './a-log.ts'
import {openProxy} from './proxy.ts'

const undo: Array<() => Promise<void> | void> = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function start(binary: (typeof natsBinaries)[number]): Promise<NatsServer> {
  const server = await startNats({binary})
  undo.push(server.stop)
  return server
}

async function open(options: NatsOptions): Promise<EventStore> {
  const store = await openNatsStore(options)
  undo.push(() => store.close())
  return store
}

/** Appends batches without waiting, and disturbs the store each time some of them were acknowledged. */
async function appendThrough(store: EventStore, disturb: () => Promise<void> | void): Promise<string[]> {
  const events = eventsUpTo(4000)
  const batches = Array.from({length: 80}, (_, batch) => events.slice(batch * 50, batch * 50 + 50))
  const results = batches.map((batch) => store.append(batch))
  for (const awaited of [5, 30, 60]) {
    await results[awaited]
    await disturb()
  }
  const counts = await Promise.all(results)
  expect(counts).toEqual(batches.map(() => ({appended: 50, duplicates: 0})))
  return ids(events)
}

function untilHealth(tail: Follower, state: 'live' | 'silent', count: number): Promise<void> {
  return expect
    .poll(() => tail.health.filter((health) => health.state === state).length, {timeout: 10_000, interval: 5})
    .toBe(count)
}

describe.each(natsBinaries)('nats-server %s', (binary) => {
  it('killed and restarted under appends: every event is there once, in order, without a duplicate window', async () => {
    const server = await start(binary)
    const options = await newLog(server.url)
    await reconfigure(server.url, options.stream, {duplicate_window: 100_000_000})
    const store = await open(options)
    const appended = await appendThrough(store, async () => {
      await server.kill9()
      await server.restart()
    })
    expect(await idsOf(store.read(everything))).toEqual(appended)
  })

  it('cut off under appends: every event is there once, in order, without a duplicate window', async () => {
    const server = await start(binary)
    const proxy = await openProxy(server.port)
    undo.push(proxy.close)
    const options = await newLog(server.url)
    await reconfigure(server.url, options.stream, {duplicate_window: 100_000_000})
    const store = await open({...options, url: proxy.url})
    const appended = await appendThrough(store, proxy.cut)
    expect(await idsOf(store.read(everything))).toEqual(appended)
  })

  it('killed and restarted under a follower: it says so, and misses and repeats nothing', async () => {
    const server = await start(binary)
    const options = await newLog(server.url)
    const store = await open(options)
    const tail = follower(store, everything)
    await tail.live
    await store.append(eventsUpTo(10))
    await tail.has('e-9')
    for (const round of [1, 2]) {
      await server.kill9()
      const killed = performance.now()
      await untilHealth(tail, 'silent', round)
      expect(performance.now() - killed).toBeLessThan(5000)
      await server.restart()
      const writer = await openNatsStore(options)
      await writer.append([event(`back-${round}`), event(`again-${round}`)])
      await writer.close()
      await tail.has(`again-${round}`)
      await untilHealth(tail, 'live', round + 1)
    }
    expect(tail.seen).toEqual(await allOf(store.read(everything)))
    await tail.stop()
  })

  it('frozen under a follower and an append: both go on when it thaws', async () => {
    const server = await start(binary)
    const store = await open(await newLog(server.url))
    const tail = follower(store, everything)
    await tail.live
    await store.append([event('before')])
    server.freeze()
    const frozen = performance.now()
    const appending = store.append([event('meanwhile')])
    await untilHealth(tail, 'silent', 1)
    expect(performance.now() - frozen).toBeLessThan(5000)
    expect(tail.health.at(-1)).toEqual({state: 'silent', reason: expect.stringContaining('no sign of the server')})
    server.thaw()
    expect(await appending).toEqual({appended: 1, duplicates: 0})
    await tail.has('meanwhile')
    await untilHealth(tail, 'live', 2)
    expect(ids(tail.seen)).toEqual(['before', 'meanwhile'])
    await tail.stop()
  })

  it('restarted in the middle of a read: the read goes on where it was', async () => {
    const server = await start(binary)
    const store = await open(await newLog(server.url))
    const events = eventsUpTo(12_000)
    await store.append(events)
    const seen: string[] = []
    for await (const {eventId} of store.read(everything)) {
      seen.push(eventId)
      if (seen.length === 100) {
        await server.kill9()
        await server.restart()
      }
    }
    expect(seen).toEqual(ids(events))
  })

  it('asked while it is away: the answer comes when it is back', async () => {
    const server = await start(binary)
    const store = await open(await newLog(server.url))
    await store.append(eventsUpTo(20, (index) => ({agentId: index % 2 ? 'odd' : 'even'})))
    await server.kill9()
    const asked = Promise.all([
      idsOf(store.read({agents: ['odd']}, {order: 'desc', limit: 1})),
      store.count(everything, 'agent'),
      store.head(),
      store.describe(),
    ])
    await server.restart()
    const [read, {count}, head, {events, last}] = await asked
    expect([read, count, head, events]).toEqual([['e-19'], 20, last?.position, 20])
  })

  it('loses a follower its consumer: it gets another one', async () => {
    const server = await start(binary)
    const options = await newLog(server.url)
    const store = await open(options)
    const tail = follower(store, everything)
    await tail.live
    await store.append([event('a')])
    await tail.has('a')
    const {jsm, close} = await bareClient(server.url)
    for await (const {name} of jsm.consumers.list(options.stream)) await jsm.consumers.delete(options.stream, name)
    await close()
    await untilHealth(tail, 'live', 2)
    await store.append([event('b')])
    await tail.has('b')
    expect(ids(tail.seen)).toEqual(['a', 'b'])
    await tail.stop()
  })

  it('tells a follower that its stream was made anew, instead of waiting for its old position', async () => {
    const server = await start(binary)
    const options = await newLog(server.url)
    const store = await open(options)
    await store.append(eventsUpTo(10))
    const head = await store.head()
    const tail = follower(store, everything)
    await tail.live
    const {jsm, close} = await bareClient(server.url)
    const {config} = await jsm.streams.info(options.stream)
    await jsm.streams.delete(options.stream)
    await jsm.streams.add(config)
    await close()
    await expect(tail.ended).rejects.toMatchObject({
      code: 'STORE_MISSING',
      message: expect.stringContaining('made anew'),
    })
    const later = await open(options)
    await expect(follower(later, everything, head).ended).rejects.toMatchObject({code: 'STORE_MISSING'})
    await expect(store.append([event('x')])).resolves.toEqual({appended: 1, duplicates: 0})
  })
})
