import path from 'node:path'
import {expect, it, vi} from 'vitest'
import {createRetention} from '../../src/lib/delivery/retention.ts'
import {openSqliteAdmin} from '../../src/lib/store/sqlite/admin.ts'
import {openBench} from './fixtures.ts'

it('removes what is over the limit, but never what a live reader has not read', async () => {
  const bench = await openBench()
  const texts = Array.from({length: 100}, (_, index) => `n${index} ${'x'.repeat(1000)}`)
  await bench.append(...texts)
  const positions = (await Array.fromAsync(bench.store.read({}))).map(({position}) => position)
  const cursorAt = (reader: string, index: number) =>
    bench.state.commit({reader, cursor: {log: 'test', position: positions[index]!}})
  await cursorAt('webhook:slow', 40)
  await cursorAt('webhook:gone', 5)
  await cursorAt('websocket:dashboard', 60)
  const retention = createRetention({
    openAdmin: () => openSqliteAdmin(path.join(bench.folder, 'events.db')),
    limits: {maxBytes: 10_000},
    readers: () => ['webhook:slow'],
    everyMs: 20,
  })
  const {stop} = bench.start(retention)
  const first = async () => (await bench.store.describe()).first?.position
  await vi.waitFor(async () => expect(await first()).toBe(positions[40]), {timeout: 5000, interval: 10})
  await cursorAt('webhook:slow', 99)
  await vi.waitFor(async () => expect(await first()).toBe(positions[60]), {timeout: 5000, interval: 10})
  await stop()
  expect(retention.status()).toMatchObject({state: 'stopped', details: {removed: 60}})
})
