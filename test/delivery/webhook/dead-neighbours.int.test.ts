import {once} from 'node:events'
import net, {type AddressInfo} from 'node:net'
import {expect, it, onTestFinished} from 'vitest'
import {openBench} from '../fixtures.ts'
import {notes, sinkFor, sinksFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

/** More than this and an endpoint waits for another. */
const mostMs = 50

it(`endpoints that are dead delay no delivery of a healthy one by ${mostMs} ms`, async () => {
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

  /** What came while neighbours are found to be dead, and while they are tried now and then. */
  async function delaysBeside(webhooks: Endpoints): Promise<number[]> {
    const neighbours = await sinksFor({webhooks, timeoutMs: 60})
    const runs = neighbours.map((sink) => bench.start(sink))
    const all: number[] = []
    while (!neighbours.every((sink) => sink.status().state === 'paused')) all.push(...(await delays(50)))
    all.push(...(await delays(500)))
    for (const sink of neighbours) expect(sink.status(), sink.reader).toMatchObject({state: 'paused', delivered: 0})
    await Promise.all(runs.map((run) => run.stop()))
    return all
  }

  await delays(20)
  const rounds: Array<{alone: number[]; beside: number[]}> = []
  for (const round of ['first', 'second', 'third']) {
    // The machine's own pauses are in both.
    rounds.push({alone: await delays(500), beside: await delaysBeside(await deadEndpoints(round))})
  }
  await stop()
  const alone = rounds.flatMap((round) => round.alone)
  const beside = rounds.flatMap((round) => round.beside)
  expect(percentile(beside, 0.99) - percentile(alone, 0.99)).toBeLessThan(mostMs)
  // Nor the slowest of a round; what happens in one round only is the machine's doing.
  const slowest = rounds.map((round) => Math.max(...round.beside) - Math.max(...round.alone))
  expect(Math.min(...slowest)).toBeLessThan(mostMs)
})

type Endpoints = Array<{url: string; name: string; ordered?: boolean}>

/** Every way of being dead: refuses connections, never answers, says nothing at all, answers that it cannot. */
async function deadEndpoints(round: string): Promise<Endpoints> {
  const refusing = await startReceiver()
  await refusing.close()
  const hanging = await startReceiver(() => undefined)
  const failing = await startReceiver(() => 503)
  const mute = net.createServer((socket) => void socket.on('error', () => socket.destroy())).listen(0, '127.0.0.1')
  await once(mute, 'listening')
  onTestFinished(() => void mute.close())
  const endpoints = [
    {url: refusing.url, name: 'refusing'},
    {url: refusing.url, name: 'refusing-ordered', ordered: true},
    {url: hanging.url, name: 'hanging'},
    {url: hanging.url, name: 'hanging-ordered', ordered: true},
    {url: failing.url, name: 'failing'},
    {url: `http://127.0.0.1:${(mute.address() as AddressInfo).port}`, name: 'mute'},
  ]
  return endpoints.map((endpoint) => ({...endpoint, name: `${endpoint.name}-${round}`}))
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * part) - 1]!
}
