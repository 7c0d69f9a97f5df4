import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished} from 'vitest'
import {createForwarder} from '../../src/lib/delivery/forward/sink.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {openNatsAdmin} from '../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../src/lib/store/nats/target.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {event, eventsUpTo, ids, idsOf} from '../contracts/event-store/events.ts'
import {follower} from '../contracts/event-store/follower.ts'
import {openBench} from '../delivery/fixtures.ts'
import {natsBinaries} from '../nats-server.ts'
import {bareClient, newLog} from '../store/nats/a-log.ts'
import {type NatsCluster, startCluster} from './nats-cluster.ts'
import {makeNetworks} from './nets.ts'

type Log = NatsOptions & {stream: string}

async function open(options: NatsOptions): Promise<EventStore> {
  const store = await openNatsStore(options)
  onTestFinished(() => store.close())
  return store
}

/** Appends, forwards and follows while `disturb` is at work, then holds what the stream has against what was told. */
async function carriesOn(cluster: NatsCluster, log: Log, disturb: () => Promise<void>): Promise<void> {
  const store = await open(log)
  const tail = follower(await open(log), everything)
  await tail.live
  const bench = await openBench()
  const {stop} = bench.start(
    createForwarder({name: 'default', openTarget: () => openNatsStore(log), nameTarget: async () => 'the cluster'}),
  )
  const acknowledged: string[] = []
  const recorded: string[] = []
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver; n += 20) {
      const batch = Array.from({length: 20}, (_, index) => event(`direct-${n + index}`, {sessionKey: 'direct'}))
      expect(await store.append(batch)).toEqual({appended: 20, duplicates: 0})
      acknowledged.push(...ids(batch))
    }
  })()
  const recording = (async () => {
    for (let n = 0; !isOver; n += 5) {
      const batch = Array.from({length: 5}, (_, index) => event(`recorded-${n + index}`, {sessionKey: 'recorded'}))
      await bench.store.append(batch)
      recorded.push(...ids(batch))
      await sleep(20)
    }
  })()
  await expect.poll(() => acknowledged.length, {timeout: 10_000}).toBeGreaterThan(100)
  await disturb()
  const atRest = acknowledged.length
  await expect.poll(() => acknowledged.length, {timeout: 30_000}).toBeGreaterThan(atRest + 40)
  isOver = true
  await Promise.all([writing, recording])
  const wanted = acknowledged.length + recorded.length
  await expect.poll(async () => (await store.count(everything)).count, {timeout: 30_000}).toBe(wanted)
  await expect.poll(() => tail.seen.length, {timeout: 30_000}).toBe(wanted)
  await stop()
  await cluster.settled(log.stream)
  const stored = await idsOf(store.read(everything))
  expect(stored.filter((id) => id.startsWith('direct'))).toEqual(acknowledged)
  expect(stored.filter((id) => id.startsWith('recorded'))).toEqual(recorded)
  expect(ids(tail.seen)).toEqual(stored)
  await tail.stop()
}

describe.each(natsBinaries)('a cluster of three nats-server %s', (binary) => {
  let cluster: NatsCluster
  beforeAll(async () => {
    cluster = await startCluster({binary})
  })
  beforeEach(() => cluster.ready())
  afterAll(() => cluster?.stop())

  it('keeps as many copies as it was asked for, and says so', async () => {
    const store = await open(await newLog(cluster.url, {replicas: 3}))
    expect((await store.describe()).durability).toMatchObject({survives: 'process-kill', replicas: 3})
  })

  it('takes more copies of a log that began with one', async () => {
    const log = await newLog(cluster.url, {replicas: 1})
    const store = await open(log)
    await store.append(eventsUpTo(50))
    const admin = await openNatsAdmin(log)
    onTestFinished(() => admin.close())
    await admin.apply({replicas: 3})
    await cluster.settled(log.stream)
    const leader = await cluster.leaderOf(log.stream)
    await leader.shutDown()
    await cluster.leaderOf(log.stream)
    // Older servers give two readers of five to the server that is down.
    for (let read = 0; read < 10; read++) expect(await idsOf(store.read(everything))).toEqual(ids(eventsUpTo(50)))
    await leader.restart()
    await cluster.settled(log.stream)
  })

  it('stores the events of one call in their order while its leader changes again and again', async () => {
    const log = await newLog(cluster.url, {replicas: 3})
    const store = await open(log)
    const {nc, close} = await bareClient(cluster.nodes.map(({url}) => url))
    const events = eventsUpTo(1500)
    const appending = store.append(events)
    let isDone = false
    appending.finally(() => {
      isDone = true
    })
    for (let change = 0; change < 8 && !isDone; change++) {
      await sleep(100)
      await nc.request(`$JS.API.STREAM.LEADER.STEPDOWN.${log.stream}`, '', {timeout: 5000}).catch(() => undefined)
      await cluster.leaderOf(log.stream)
    }
    expect(await appending).toEqual({appended: 1500, duplicates: 0})
    await close()
    expect(await idsOf(store.read(everything))).toEqual(ids(events))
  })

  it('is followed on when a server that served a reader, but was not connected to by it, was killed and is back', async () => {
    const log = await newLog(cluster.url, {replicas: 3})
    const store = await open(log)
    await store.append(eventsUpTo(5))
    const {jsm, close} = await bareClient(cluster.nodes.map(({url}) => url))
    onTestFinished(close)
    // Of three readers, each connected to another server, at least one is served by a server that it is not connected to.
    const tails = await Promise.all(
      cluster.nodes.map(async ({url}) => follower(await open({...log, url}), everything, '')),
    )
    for (const tail of tails) await expect.poll(() => tail.seen.length, {timeout: 10_000}).toBe(5)
    const readers = await Array.fromAsync(jsm.consumers.list(log.stream))
    for (const name of new Set(readers.map((reader) => reader.cluster?.leader))) {
      const node = cluster.nodes[Number(name?.slice(1))]!
      await node.kill9()
      await node.restart()
      await cluster.settled(log.stream)
    }
    await store.append(eventsUpTo(9).slice(5))
    for (const tail of tails) await expect.poll(() => tail.seen.length, {timeout: 30_000}).toBe(9)
    for (const tail of tails) await tail.stop()
  }, 90_000)

  it('loses its leader under load, and then each server in turn: writers, forwarder and tail carry on', async () => {
    const log = await newLog(cluster.url, {replicas: 3})
    await carriesOn(cluster, log, async () => {
      const leader = await cluster.leaderOf(log.stream)
      await leader.kill9()
      await cluster.leaderOf(log.stream)
      await leader.restart()
      for (const node of cluster.nodes) {
        await cluster.settled(log.stream)
        await node.shutDown()
        await node.restart()
      }
      await cluster.settled(log.stream)
    })
  }, 90_000)
})

it('a server that is cut off from its cluster is left by its clients, and what it did not pass on was never acknowledged', async () => {
  const networks = makeNetworks()
  onTestFinished(() => networks?.remove())
  // Without the right to make networks it is frozen instead: to the others that is the same, to its clients nearly.
  const cluster = await startCluster({places: networks?.places})
  onTestFinished(cluster.stop)
  const made = await newLog(cluster.url, {replicas: 3})
  const leader = await cluster.leaderOf(made.stream)
  const n = cluster.nodes.indexOf(leader)
  await carriesOn(cluster, {...made, url: leader.url}, async () => {
    if (networks) networks.isolate(n)
    else leader.freeze()
    await sleep(12_000)
    if (networks) networks.rejoin(n)
    else leader.thaw()
    await cluster.settled(made.stream)
  })
}, 120_000)
