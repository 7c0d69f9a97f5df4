import {afterAll, beforeAll, expect, it, vi} from 'vitest'
import {openNatsAdmin} from '../../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import {type NatsServer, startNats} from '../../nats-server.ts'
import {openBench} from '../fixtures.ts'
import {noteIds, notes, sinkFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const patience = {timeout: 15_000, interval: 10}
const reader = 'webhook:test'
let server: NatsServer

beforeAll(async () => {
  server = await startNats()
})
afterAll(() => server.stop())

it('delivers from a JetStream log, goes on after a restart, and after the server was gone', async () => {
  const location = {kind: 'nats' as const, url: server.url, origin: 'test', retention: {}, agents: {}}
  const admin = await openNatsAdmin(location)
  await admin.apply({})
  await admin.close()
  const bench = await openBench()
  const store = await openNatsStore(location)
  const receiver = await startReceiver((id, count) => (Number(id.slice(1)) % 7 === 3 && count === 1 ? 500 : 200))
  await store.append(notes(100))
  const first = bench.start(await sinkFor(receiver.url), {store})
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(100), patience)
  await first.stop()
  expect((await bench.state.cursor(reader))?.position).toBe(await store.head())

  await store.append(notes(100, 100))
  const second = bench.start(await sinkFor(receiver.url), {store})
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(200), patience)
  await server.kill9()
  await server.restart()
  await vi.waitFor(() => store.append(notes(100, 200)), patience)
  await vi.waitFor(() => expect(new Set(receiver.taken).size).toBe(300), patience)
  await second.stop()
  await store.close()
  expect(receiver.taken.toSorted()).toEqual(noteIds(300).toSorted())
  expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
})
