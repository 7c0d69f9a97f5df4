import {expect, it, vi} from 'vitest'
import {enableEndpoint} from '../../../src/lib/delivery/deliveries.ts'
import {type Bench, openBench} from '../fixtures.ts'
import {noteIds, notes, sinkFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const reader = 'webhook:test'
const patience = {timeout: 10_000, interval: 5}

async function dead(bench: Bench): Promise<string[]> {
  return (await bench.state.deliveries({reader, state: 'dead'})).map(({eventId}) => eventId)
}

it('sends one at a time, in log order', async () => {
  const bench = await openBench()
  let now = 0
  let most = 0
  const receiver = await startReceiver((id, _count, response) => {
    most = Math.max(most, ++now)
    setImmediate(() => {
      now--
      receiver.taken.push(id)
      response.writeHead(200).end()
    })
    return undefined
  })
  await bench.store.append(notes(200))
  const {stop} = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(200), patience)
  await bench.store.append(notes(20, 200))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(220), patience)
  await stop()
  expect(receiver.taken).toEqual(noteIds(220))
  expect(most).toBe(1)
  expect((await bench.state.cursor(reader))?.position).toBe(await bench.store.head())
})

it('holds up those behind one that fails for a while', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id, count) => (id === 'n1' && count < 3 ? 503 : 200))
  await bench.store.append(notes(5))
  const {stop} = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(5), patience)
  await stop()
  expect(receiver.requests.map(({headers}) => headers['webhook-id'])).toEqual([
    'n0',
    'n1',
    'n1',
    'n1',
    'n2',
    'n3',
    'n4',
  ])
})

it('makes an event that always fails a dead letter when the endpoint takes the one behind it', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n1' ? 500 : 200))
  await bench.store.append(notes(5))
  const {stop} = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(async () => expect(await dead(bench)).toEqual(['n1']), patience)
  await vi.waitFor(() => expect(receiver.taken).toEqual(['n0', 'n2', 'n3', 'n4']), patience)
  await stop()
  expect(receiver.requestsOf('n1')).toBe(3)
  expect((await bench.state.cursor(reader))?.position).toBe(await bench.store.head())
})

it('goes on at once past an event that is refused', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n1' ? 400 : 200))
  await bench.store.append(notes(3))
  const {stop} = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(async () => expect(await dead(bench)).toEqual(['n1']), patience)
  await vi.waitFor(() => expect(receiver.taken).toEqual(['n0', 'n2']), patience)
  await stop()
  expect(receiver.requestsOf('n1')).toBe(1)
})

it('keeps the order and makes no dead letter while the endpoint is down', async () => {
  const bench = await openBench()
  let isDown = true
  const receiver = await startReceiver(() => (isDown ? 500 : 200))
  await bench.store.append(notes(20))
  const sink = await sinkFor(receiver.url, {ordered: true})
  const {stop} = bench.start(sink)
  await vi.waitFor(() => expect(sink.status().state).toBe('paused'), patience)
  await vi.waitFor(() => expect(receiver.requests.length).toBeGreaterThan(15), patience)
  expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
  isDown = false
  await vi.waitFor(() => expect(new Set(receiver.taken).size).toBe(20), patience)
  await stop()
  // The two that were tried in turns may come in either order; all others keep it.
  expect(receiver.taken.slice(0, 2).sort()).toEqual(['n0', 'n1'])
  expect(receiver.taken.slice(2)).toEqual(noteIds(20).slice(2))
  expect(await dead(bench)).toEqual([])
})

it('makes no dead letter of an event when the one behind it is the first to find the endpoint working', async () => {
  const bench = await openBench()
  // Works again from the second attempt of n1 on.
  const receiver = await startReceiver(() => (receiver.requestsOf('n1') > 1 ? 200 : 500))
  await bench.store.append(notes(4))
  const {stop} = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(4), patience)
  await stop()
  expect(receiver.taken).toEqual(['n1', 'n0', 'n2', 'n3'])
  expect(await dead(bench)).toEqual([])
})

it('tries the last event of the log again without a next one, and takes a next one when it comes', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n0' ? 500 : 200))
  await bench.store.append(notes(1))
  const {stop} = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(() => expect(receiver.requestsOf('n0')).toBeGreaterThan(6), patience)
  expect(await dead(bench)).toEqual([])
  await bench.store.append(notes(1, 1))
  await vi.waitFor(() => expect(receiver.taken).toEqual(['n1']), patience)
  await vi.waitFor(async () => expect(await dead(bench)).toEqual(['n0']), patience)
  await stop()
})

it('delivers a dead letter that somebody wants tried again', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n1' ? 400 : 200))
  await bench.store.append(notes(3))
  const {stop} = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(async () => expect(await dead(bench)).toEqual(['n1']), patience)
  receiver.behave(() => 200)
  await bench.state.retryDead(reader)
  await vi.waitFor(() => expect(receiver.taken).toEqual(['n0', 'n2', 'n1']), patience)
  await stop()
  expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
})

it('goes on after a restart with the event that failed, in order', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n2' ? 500 : 200))
  await bench.store.append(notes(3))
  const first = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(() => expect(receiver.requestsOf('n2')).toBeGreaterThan(3), patience)
  await first.stop()
  await bench.store.append(notes(3, 3))
  receiver.behave(() => 200)
  const second = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(() => expect(receiver.taken).toEqual(noteIds(6)), patience)
  await second.stop()
})

it('keeps the order over a stop in the midst of a request', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n2' ? undefined : 200))
  await bench.store.append(notes(6))
  const first = bench.start(await sinkFor(receiver.url, {ordered: true}, {timeoutMs: 60_000}))
  await vi.waitFor(() => expect(receiver.requestsOf('n2')).toBe(1), patience)
  await first.stop()
  receiver.behave(() => 200)
  const second = bench.start(await sinkFor(receiver.url, {ordered: true}))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(6), patience)
  await second.stop()
  expect(receiver.taken).toEqual(noteIds(6))
})

it('keeps the order when the endpoint was disabled and is enabled again', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((id) => (id === 'n2' ? 410 : 200))
  await bench.store.append(notes(6))
  const sink = await sinkFor(receiver.url, {ordered: true, filters: {types: ['note.*']}})
  const {stop} = bench.start(sink)
  await vi.waitFor(async () => {
    expect((await bench.state.cursor(reader))?.details).toHaveProperty('disabled')
  }, patience)
  receiver.behave(() => 200)
  expect(await enableEndpoint(bench.state, reader)).toBe(true)
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(6), patience)
  await stop()
  expect(receiver.taken).toEqual(noteIds(6))
})
