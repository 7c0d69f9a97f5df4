import path from 'node:path'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import type {LoadedConfig} from '../../../src/lib/config/load.ts'
import {configSchema} from '../../../src/lib/config/schema.ts'
import type {StoreLocation} from '../../../src/lib/config/store-settings.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openNatsAdmin} from '../../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import {openForwardSinks} from '../../../src/lib/wiring/open-outbox.ts'
import {eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {natsBinaries, startNats} from '../../nats-server.ts'
import {openBench, temporaryFolder} from '../fixtures.ts'

const until = (check: () => Promise<void> | void) => vi.waitFor(check, {timeout: 15_000, interval: 20})

function loadedFrom(eventStore: Record<string, unknown>, stateDir: string): LoadedConfig {
  return {config: configSchema.parse({eventStore}), origins: new Map(), faults: [], notes: [], stateDir}
}

const ownLog = (stateDir: string): StoreLocation => ({
  kind: 'sqlite',
  path: path.join(stateDir, 'claw-events', 'events.db'),
  origin: 'default',
  retention: {},
})

async function newStream(options: NatsOptions): Promise<void> {
  const admin = await openNatsAdmin(options)
  await admin.apply({})
  await admin.close()
}

async function idsIn(options: NatsOptions): Promise<string[]> {
  const store = await openNatsStore(options)
  onTestFinished(() => store.close())
  return idsOf(store.read(everything))
}

describe('the outbox', () => {
  it('is only for the own embedded log, and only when a server is configured', async () => {
    const stateDir = temporaryFolder()
    const readersOf = async (eventStore: Record<string, unknown>, location = ownLog(stateDir)) => {
      const sinks = await openForwardSinks({loaded: loadedFrom(eventStore, stateDir), location})
      return sinks.map(({reader}) => reader)
    }
    const url = 'nats://127.0.0.1:1'
    expect(await readersOf({})).toEqual([])
    expect(await readersOf({url: 'sqlite:other.db'})).toEqual([])
    expect(await readersOf({url, enabled: false})).toEqual([])
    expect(await readersOf({url}, {kind: 'nats', url, agents: {}, origin: 'x', retention: {}})).toEqual([])
    expect(await readersOf({url}, {...ownLog(stateDir), path: '/elsewhere/events.db'} as StoreLocation)).toEqual([])
    expect(await readersOf({url})).toEqual(['forward:default'])
    expect(await readersOf({url, agents: {ada: {}, default: {streamName: 's'}}})).toEqual([
      'forward:default',
      'forward:agent:ada',
      'forward:agent:default',
    ])
  })

  it('gives each agent its own stream, and holds up nobody when the server of one is away', async () => {
    const [main, own] = [await startNats(), await startNats({binary: '2.9'})]
    onTestFinished(main.stop)
    onTestFinished(own.stop)
    const shared = {url: main.url, stream: 'shared', prefix: 'shared.events'}
    const bobs = {url: main.url, stream: 'events-bob', prefix: 'bobs', agent: 'bob'}
    const adas = {url: own.url, stream: 'events-ada', prefix: 'adas', agent: 'ada'}
    for (const options of [shared, bobs, adas]) await newStream(options)
    await own.kill9()

    const stateDir = temporaryFolder()
    const agents = {
      ada: {url: own.url, streamName: 'events-ada', subjectPrefix: 'adas'},
      bob: {streamName: 'events-bob', subjectPrefix: 'bobs'},
    }
    const loaded = loadedFrom({url: main.url, streamName: 'shared', subjectPrefix: 'shared.events', agents}, stateDir)
    const bench = await openBench(path.join(stateDir, 'claw-events'))
    const sinks = await openForwardSinks({loaded, location: ownLog(stateDir)})
    const running = sinks.map((sink) => bench.start(sink))
    const events = eventsUpTo(90, (n) => ({agentId: ['main', 'ada', 'bob'][n % 3]!}))
    await bench.store.append(events)
    const idsOfAgent = (agent: string) => ids(events.filter(({agentId}) => agentId === agent))
    await until(async () => expect(await idsIn(shared)).toEqual(idsOfAgent('main')))
    await until(async () => expect(await idsIn(bobs)).toEqual(idsOfAgent('bob')))
    expect(sinks.map((sink) => sink.status().state)).toEqual(['running', 'paused', 'running'])

    await own.restart()
    await until(async () => expect(await idsIn(adas)).toEqual(idsOfAgent('ada')))
    await Promise.all(running.map(({stop}) => stop()))
    expect(await idsIn(shared)).toEqual(idsOfAgent('main'))
  })

  it('says what to do when there is no stream, and forwards as soon as there is one', async () => {
    const server = await startNats()
    onTestFinished(server.stop)
    const stateDir = temporaryFolder()
    const options = {url: server.url, stream: 'late', prefix: 'late'}
    const loaded = loadedFrom({url: server.url, streamName: 'late', subjectPrefix: 'late'}, stateDir)
    const bench = await openBench(path.join(stateDir, 'claw-events'))
    const [sink] = await openForwardSinks({loaded, location: ownLog(stateDir)})
    const {stop} = bench.start(sink!)
    await bench.store.append(eventsUpTo(3))
    await until(() => expect(bench.said.join()).toMatch(/there is no stream late at nats:/))
    await newStream(options)
    await until(async () => expect(await idsIn(options)).toEqual(ids(eventsUpTo(3))))
    await stop()
  })

  it('sends what is too large shortened, and puts aside what no stream can name', async () => {
    const server = await startNats()
    onTestFinished(server.stop)
    const options = {url: server.url, stream: 'sizes', prefix: 'sizes'}
    await newStream(options)
    const stateDir = temporaryFolder()
    const loaded = loadedFrom({url: server.url, streamName: 'sizes', subjectPrefix: 'sizes'}, stateDir)
    const bench = await openBench(path.join(stateDir, 'claw-events'))
    const [a, b, c, d] = eventsUpTo(4)
    const large = {...b!, data: {text: 'x'.repeat(3_000_000)}}
    const nameless = {...c!, agentId: 'n'.repeat(5000)}
    await bench.store.append([a!, large, nameless, d!])
    const [sink] = await openForwardSinks({loaded, location: ownLog(stateDir)})
    const {stop} = bench.start(sink!)
    await until(async () => expect(await idsIn(options)).toEqual(['e-0', 'e-1', 'e-3']))
    await until(async () => expect(await bench.state.countDeliveries('forward:default')).toEqual({waiting: 0, dead: 1}))
    await stop()
    const store = await openNatsStore(options)
    onTestFinished(() => store.close())
    const [, forwarded] = await Array.fromAsync(store.read(everything))
    expect(forwarded?.metadata).toMatchObject({truncated: [{path: '/data/text', bytes: 3_000_000}]})
    const [, whole] = await Array.fromAsync(bench.store.read(everything))
    expect(whole?.data).toEqual(large.data)
  })

  it.each(natsBinaries)('needs no more rights than are told, on nats-server %s', async (binary) => {
    const publish = ['w.>', '$JS.API.STREAM.INFO.w']
    for (const call of ['CREATE', 'INFO', 'MSG.NEXT', 'DELETE']) publish.push(`$JS.API.CONSUMER.${call}.w.>`)
    const permissions = `{publish: ${JSON.stringify(publish)}, subscribe: ["_INBOX.>"]}`
    const config = `authorization {users: [
      {user: admin, password: a},
      {user: writer, password: w, permissions: ${permissions}}
    ]}`
    const server = await startNats({binary, config})
    onTestFinished(server.stop)
    const host = new URL(server.url).host
    const options = {url: `nats://admin:a@${host}`, stream: 'w', prefix: 'w'}
    await newStream(options)
    const stateDir = temporaryFolder()
    const loaded = loadedFrom({url: `nats://writer:w@${host}`, streamName: 'w', subjectPrefix: 'w'}, stateDir)
    const bench = await openBench(path.join(stateDir, 'claw-events'))
    const [sink] = await openForwardSinks({loaded, location: ownLog(stateDir)})
    await bench.store.append(eventsUpTo(20))
    const admin = await openNatsStore(options)
    onTestFinished(() => admin.close())
    // Without a cursor it is looked up what is there.
    await admin.append(eventsUpTo(10))
    const {stop} = bench.start(sink!)
    await until(async () => expect(await idsOf(admin.read(everything))).toEqual(ids(eventsUpTo(20))))
    expect(bench.said).toEqual([])
    await stop()
  })
})
