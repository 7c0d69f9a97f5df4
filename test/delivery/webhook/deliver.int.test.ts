import {expect, it, vi} from 'vitest'
import {openBench} from '../fixtures.ts'
import {bodyOf, noteIds, notes, sinkFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

it('delivers every event once, with its id', async () => {
  const bench = await openBench()
  const receiver = await startReceiver()
  await bench.store.append(notes(200))
  const sink = await sinkFor(receiver.url)
  const {stop} = bench.start(sink)
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(200), 5000)
  await stop()
  expect(receiver.taken.toSorted()).toEqual(noteIds(200).toSorted())
  for (const request of receiver.requests) expect(bodyOf(request).eventId).toBe(request.headers['webhook-id'])
  expect((await bench.state.cursor('webhook:test'))?.position).toBe(await bench.store.head())
  expect(sink.status()).toMatchObject({state: 'stopped', delivered: 200, failed: 0, waiting: 0})
})
