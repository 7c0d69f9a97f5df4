import {describe, expect, it, vi} from 'vitest'
import {enableEndpoint} from '../../../src/lib/delivery/deliveries.ts'
import type {SinkContext} from '../../../src/lib/delivery/sink.ts'
import {makeEvent} from '../../../src/lib/event/make.ts'
import {openBench} from '../fixtures.ts'
import {noteIds, notes, sinkFor, sinksFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const reader = 'webhook:test'
const patience = {timeout: 10_000, interval: 5}

describe('an endpoint that answers 410', () => {
  it('is disabled, says so in the log, keeps its place, and misses nothing once it is enabled', async () => {
    const bench = await openBench()
    const receiver = await startReceiver(() => 410)
    const sink = await sinkFor(receiver.url)
    await bench.store.append(notes(40))
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('disabled'), patience)
    await vi.waitFor(
      async () => expect((await bench.store.count({types: ['delivery.disabled']})).count).toBe(1),
      patience,
    )
    for await (const event of bench.store.read({types: ['delivery.disabled']})) {
      expect(event).toMatchObject({
        agentId: 'system',
        data: {reader, host: `127.0.0.1:${receiver.port}`, reason: 'status 410: the endpoint wants no more events'},
      })
    }
    const asked = receiver.requests.length
    expect(asked).toBeLessThanOrEqual(32)
    await bench.store.append(notes(10, 40))
    receiver.behave(() => 200)
    // Still disabled, however often it looks, and after a restart.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    await stop()
    const second = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('disabled'), patience)
    expect(receiver.requests).toHaveLength(asked)
    expect(await enableEndpoint(bench.state, reader)).toBe(true)
    await vi.waitFor(() => expect(new Set(receiver.taken).size).toBe(51), patience)
    await second.stop()
    expect(new Set(receiver.taken)).toEqual(new Set([...noteIds(50), receiver.taken.find((id) => !id.startsWith('n'))]))
    expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
  })

  it('in the midst of many is disabled without losing those under way', async () => {
    const bench = await openBench()
    const receiver = await startReceiver((id) => (id === 'n17' ? 410 : 200))
    const sink = await sinkFor(receiver.url)
    await bench.store.append(notes(100))
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('disabled'), patience)
    receiver.behave(() => 200)
    await vi.waitFor(async () => expect(await enableEndpoint(bench.state, reader)).toBe(true), patience)
    await vi.waitFor(() => expect(new Set(receiver.taken.filter((id) => id.startsWith('n'))).size).toBe(100), patience)
    await stop()
    expect(receiver.requestsOf('n17')).toBe(2)
  })
})

it('an endpoint that has failed for five days is disabled; nights switched off and clock jumps do not count', async () => {
  const bench = await openBench()
  let ahead = 0
  const now = () => Date.now() + ahead
  const receiver = await startReceiver(() => {
    ahead += 50 * 60_000
    return 500
  })
  const sink = await sinkFor(receiver.url, {}, {retry: {initialDelayMs: 1, maxDelayMs: 1}})
  await bench.store.append(notes(1))
  const {stop} = bench.start(sink, {now})
  await vi.waitFor(() => expect(receiver.requests.length).toBeGreaterThan(20), patience)
  ahead += 400 * 24 * 3_600_000
  await vi.waitFor(() => expect(receiver.requests.length).toBeGreaterThan(60), patience)
  expect(sink.status().state).not.toBe('disabled')
  await stop()
  const again = bench.start(sink, {now})
  await vi.waitFor(() => expect(sink.status().state).toBe('disabled'), patience)
  expect(sink.status().reason).toBe('it has failed for days; the last time: status 500')
  await again.stop()
  expect(receiver.requests.length).toBeGreaterThan(140)
})

describe('a clock that jumps', () => {
  it.each([
    ['back', -365],
    ['ahead', 365],
  ])('%s loses no delivery and ends no waiting', async (_way, days) => {
    const bench = await openBench()
    let offset = 0
    const now = () => Date.now() + offset
    const receiver = await startReceiver((_id, count) => (count === 1 ? 500 : 200))
    const sink = await sinkFor(receiver.url, {}, {retry: {initialDelayMs: 300, maxDelayMs: 300}})
    await bench.store.append(notes(4))
    const {stop} = bench.start(sink, {now})
    await vi.waitFor(async () => expect((await bench.state.countDeliveries(reader)).waiting).toBe(4), patience)
    offset = days * 24 * 3_600_000
    await bench.store.append(notes(4, 4))
    await vi.waitFor(() => expect(new Set(receiver.taken).size).toBe(8), patience)
    await stop()
    expect(receiver.taken).toHaveLength(8)
    expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
  })
})

it('an endpoint that was paused by an earlier process is not said to be so any more', async () => {
  const bench = await openBench()
  const receiver = await startReceiver()
  const paused = {since: '2026-01-01T00:00:00.000Z', reason: 'status 503'}
  await bench.state.commit({reader, cursor: {log: 'test', position: '', details: {paused, failingMs: 1000}}})
  const {stop} = bench.start(await sinkFor(receiver.url))
  await vi.waitFor(async () => {
    expect((await bench.state.cursor(reader))?.details).toEqual({failingMs: 1000})
  }, patience)
  await stop()
})

describe('where an endpoint begins', () => {
  it('is the end of the log for a new one, which keeps that place before it has delivered anything', async () => {
    const bench = await openBench()
    await bench.store.append(notes(5))
    const receiver = await startReceiver()
    const first = bench.start(await sinkFor(receiver.url), {startAt: 'now'})
    await vi.waitFor(async () => expect(await bench.state.cursor(reader)).toBeDefined(), patience)
    await first.stop()
    // What comes while nothing runs is delivered by the next.
    await bench.store.append(notes(3, 5))
    const second = bench.start(await sinkFor(receiver.url), {startAt: 'now'})
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(3), patience)
    await second.stop()
    expect(receiver.taken.toSorted()).toEqual(['n5', 'n6', 'n7'])
  })

  it('is taken anew for another log', async () => {
    const bench = await openBench()
    const receiver = await startReceiver()
    await bench.state.commit({reader, cursor: {log: 'another', position: '9999999999999999'}})
    await bench.store.append(notes(2))
    const {stop} = bench.start(await sinkFor(receiver.url))
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(2), patience)
    await stop()
  })
})

describe('the state store', () => {
  it('that cannot be written stops delivery after a bounded number of events, and loses nothing', async () => {
    const bench = await openBench()
    const receiver = await startReceiver((id, count) => (id === 'n3' && count === 1 ? 500 : 200))
    let isFull = false
    const state: SinkContext['state'] = {
      ...bench.state,
      async commit(step) {
        if (isFull) throw new Error('no space is left')
        return bench.state.commit(step)
      },
    }
    const sink = await sinkFor(receiver.url, {}, {config: {queue: {maxSize: 20}}})
    const {stop} = bench.start(sink, {state})
    await vi.waitFor(() => expect(sink.status().state).toBe('running'), patience)
    isFull = true
    await bench.store.append(notes(300))
    await vi.waitFor(() => expect(sink.status()).toMatchObject({state: 'paused', reason: 'no space is left'}), patience)
    expect(new Set(receiver.taken).size).toBeLessThanOrEqual(40)
    expect((await bench.state.cursor(reader))?.position).toBe('')
    isFull = false
    await vi.waitFor(() => expect(new Set(receiver.taken).size).toBe(300), patience)
    await stop()
    expect(receiver.taken).toHaveLength(300)
    expect(bench.said.filter((line) => line.includes('cannot be saved'))).toHaveLength(1)
  })
})

describe('what an endpoint gets', () => {
  it('is chosen by its own filters on top of those for all, and confidential events only by name', async () => {
    const bench = await openBench()
    const [all, tools, secret] = await Promise.all([startReceiver(), startReceiver(), startReceiver()])
    const sinks = await sinksFor({
      webhooks: [
        {url: all.url, name: 'all'},
        {url: tools.url, name: 'tools', filters: {types: ['tool.*'], excludeTypes: ['tool.error'], agents: ['a']}},
        {url: secret.url, name: 'secret', confidential: true, filters: {where: 'data.n > 3'}},
      ],
      config: {filters: {excludeTypes: ['gateway.*']}},
    })
    const make = (eventId: string, type: string, more: object = {}) =>
      makeEvent({eventId, type, agentId: 'a', source: 'cli', data: {}, ...more})
    await bench.store.append([
      make('1', 'tool.called'),
      make('2', 'tool.error'),
      make('3', 'tool.called', {agentId: 'b'}),
      make('4', 'gateway.start', {data: {n: 9}}),
      make('5', 'note.added', {visibility: 'confidential', data: {n: 9}}),
      make('6', 'note.added', {data: {n: 1}}),
      make('7', 'tool.completed'),
    ])
    const runs = sinks.map((sink) => bench.start(sink))
    await vi.waitFor(async () => {
      for (const {reader} of sinks) {
        expect((await bench.state.cursor(reader))?.position).toBe(await bench.store.head())
      }
    }, patience)
    await Promise.all(runs.map(({stop}) => stop()))
    expect(all.taken.toSorted()).toEqual(['1', '2', '3', '6', '7'])
    expect(tools.taken.toSorted()).toEqual(['1', '7'])
    expect(secret.taken).toEqual(['5'])
  })

  it('comes within 50 ms of being recorded', async () => {
    const bench = await openBench()
    const receiver = await startReceiver()
    const sink = await sinkFor(receiver.url)
    const {stop} = bench.start(sink)
    await vi.waitFor(() => expect(sink.status().state).toBe('running'), patience)
    const began = performance.now()
    await bench.store.append(notes(1))
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(1), {timeout: 1000, interval: 1})
    // The first of all opens the connection, too.
    expect(performance.now() - began).toBeLessThan(250)
    const times: number[] = []
    for (let n = 1; n < 20; n++) {
      const start = performance.now()
      await bench.store.append(notes(1, n))
      await vi.waitFor(() => expect(receiver.taken).toHaveLength(n + 1), {timeout: 1000, interval: 1})
      times.push(performance.now() - start)
    }
    expect(times.sort((a, b) => a - b)[9]).toBeLessThan(50)
    await stop()
  })

  it('waits for queue.flushIntervalMs where that is set, and then comes together', async () => {
    const bench = await openBench()
    const times: number[] = []
    const receiver = await startReceiver(() => {
      times.push(performance.now())
      return 200
    })
    const {stop} = bench.start(await sinkFor(receiver.url, {}, {config: {queue: {flushIntervalMs: 400}}}))
    const began = performance.now()
    for (let n = 0; n < 5; n++) await bench.store.append(notes(1, n))
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(5), patience)
    await stop()
    expect(times[0]! - began).toBeGreaterThan(390)
    expect(times.at(-1)! - times[0]!).toBeLessThan(300)
  })
})

it('an event that another program has put into the log oddly does not stop those behind it', async () => {
  const bench = await openBench()
  const receiver = await startReceiver()
  const odd = makeEvent({
    type: 'note.added',
    eventId: 'ü\n€ 1',
    agentId: 'main',
    source: 'import',
    correlationId: 'a\r\nb: c',
    data: {},
  })
  await bench.store.append([odd, ...notes(2)])
  const {stop} = bench.start(await sinkFor(receiver.url))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(3), patience)
  await stop()
  expect(receiver.taken.toSorted()).toEqual([encodeURIComponent('ü\n€ 1'), 'n0', 'n1'].toSorted())
})

describe('an endpoint that cannot be used as it is configured', () => {
  it.each([
    ['a metadata address', {url: 'http://169.254.169.254/latest'}, 'not a public address'],
    ['a header that cannot be sent', {headers: {'x a': 'b'}}, 'the header "x a" cannot be sent'],
    ['a header with a line break', {headers: {'x-a': 'hunter2\r\nx-b: c'}}, 'the header "x-a" cannot be sent'],
    ['a header of the connection', {headers: {'Transfer-Encoding': 'chunked'}}, 'the connection sets it itself'],
  ])('with %s sends nothing, keeps its place, says why, and leaves the others alone', async (_what, wrong, why) => {
    const bench = await openBench()
    const receiver = await startReceiver()
    const good = await startReceiver()
    const sinks = await sinksFor({
      webhooks: [
        {url: receiver.url, name: 'test', ...wrong},
        {url: good.url, name: 'good'},
      ],
    })
    const runs = sinks.map((sink) => bench.start(sink))
    await vi.waitFor(() => expect(sinks[0]!.status().state).toBe('failed'), patience)
    expect(sinks[0]!.status().reason).toContain(why)
    await bench.store.append(notes(2))
    await vi.waitFor(() => expect(good.taken).toHaveLength(2), patience)
    await Promise.all(runs.map(({stop}) => stop()))
    expect(receiver.requests).toEqual([])
    expect((await bench.state.cursor(reader))?.details).toMatchObject({paused: {reason: expect.stringContaining(why)}})
    expect(bench.said.join('\n')).not.toContain('hunter2')
    // Once it is mended it gets what came meanwhile.
    const mended = bench.start(await sinkFor(receiver.url))
    await vi.waitFor(() => expect(receiver.taken).toHaveLength(2), patience)
    await mended.stop()
    expect((await bench.state.cursor(reader))?.details).not.toHaveProperty('paused')
  })
})
