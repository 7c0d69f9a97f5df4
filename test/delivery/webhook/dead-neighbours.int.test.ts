import {once} from 'node:events'
import net, {type AddressInfo} from 'node:net'
import {expect, it, onTestFinished} from 'vitest'
import {openBench} from '../fixtures.ts'
import {notes, sinkFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

/** More than this and an endpoint waits for another. */
const mostMs = 50

/** Every way of being dead, and how to open such an endpoint. */
const dead: Array<[string, () => Promise<{url: string; ordered?: boolean}>]> = [
  ['refuses connections', refusing],
  ['refuses connections and is served in order', async () => ({...(await refusing()), ordered: true})],
  ['never answers', hanging],
  ['never answers and is served in order', async () => ({...(await hanging()), ordered: true})],
  ['accepts connections and says nothing', mute],
  ['answers that it cannot', () => startReceiver(() => 503)],
]

it.each(dead)(`an endpoint that %s delays no delivery of another by ${mostMs} ms`, async (_, openDead) => {
  const bench = await openBench()
  const arrivals = new Map<string, (time: number) => void>()
  const healthy = await startReceiver((id) => {
    arrivals.get(id)?.(performance.now())
    return 200
  })
  const {stop} = bench.start(await sinkFor(healthy.url, {name: 'healthy'}))
  let next = 0

  /** From being recorded to being received, in milliseconds; one event after the other. */
  async function delays(count: number): Promise<number[]> {
    const all: number[] = []
    for (const note of Array.from({length: count}, () => notes(1, next++)).flat()) {
      const arrived = Promise.withResolvers<number>()
      arrivals.set(note.eventId, arrived.resolve)
      const began = performance.now()
      await bench.store.append([note])
      all.push((await arrived.promise) - began)
    }
    return all
  }

  /** What comes while the neighbour, which has all before it, is found to be dead, and while it is tried now and then. */
  async function delaysBeside(endpoint: {url: string; ordered?: boolean}, name: string): Promise<number[]> {
    const {url, ordered} = endpoint
    const neighbour = await sinkFor(url, {ordered, name}, {timeoutMs: 60})
    const run = bench.start(neighbour)
    const all: number[] = []
    while (neighbour.status().state !== 'paused') all.push(...(await delays(20)))
    all.push(...(await delays(300)))
    expect(neighbour.status()).toMatchObject({state: 'paused', delivered: 0})
    await run.stop()
    return all
  }

  await delays(50)
  const later: number[] = []
  // The machine's own pauses are in both. It is tried again where they were in one only.
  while (later.length < 4 && !(later.at(-1)! < mostMs)) {
    const [alone, beside] = [await delays(300), await delaysBeside(await openDead(), `dead-${later.length}`)]
    later.push(Math.max(...[0.99, 1].map((part) => percentile(beside, part) - percentile(alone, part))))
  }
  await stop()
  expect(Math.min(...later), later.join(', ')).toBeLessThan(mostMs)
})

async function refusing(): Promise<{url: string}> {
  const {url, close} = await startReceiver()
  await close()
  return {url}
}

function hanging(): Promise<{url: string}> {
  return startReceiver(() => undefined)
}

async function mute(): Promise<{url: string}> {
  const server = net.createServer((socket) => void socket.on('error', () => socket.destroy())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`}
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * part) - 1]!
}
