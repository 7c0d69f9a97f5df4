import {spawn} from 'node:child_process'
import {once} from 'node:events'
import path from 'node:path'
import {setTimeout} from 'node:timers/promises'
import fc from 'fast-check'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import {createForwarder} from '../../../src/lib/delivery/forward/sink.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import type {EventStore} from '../../../src/lib/store/port.ts'
import {allOf, idsOf} from '../../contracts/event-store/events.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {newLog, reconfigure} from '../../store/nats/a-log.ts'
import {openBench} from '../fixtures.ts'

const child = path.join(import.meta.dirname, 'gateway-child.ts')

/** A stream whose duplicate window is over before anything is sent again. */
async function forgetfulStream(url: string): Promise<NatsOptions & {stream: string}> {
  const options = await newLog(url)
  await reconfigure(url, options.stream, {duplicate_window: 100_000_000})
  return options
}

/** Runs a gateway, and kills it some time after it has begun to record. */
async function live(folder: string, options: NatsOptions, life: string, lifeMs: number, burst = 20): Promise<void> {
  const gateway = spawn(process.execPath, [child, JSON.stringify({folder, options, life, burst})], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(gateway.stdout, 'data')
  await setTimeout(lifeMs)
  gateway.kill('SIGKILL')
  await once(gateway, 'exit')
}

async function outage(server: NatsServer, {startMs, lengthMs}: {startMs: number; lengthMs: number}): Promise<void> {
  await setTimeout(startMs)
  await server.kill9()
  await setTimeout(lengthMs)
  await server.restart()
}

async function idsOfSessions(store: EventStore): Promise<Map<string, string[]>> {
  const sessions = new Map<string, string[]>()
  for (const {sessionKey = '', eventId} of await allOf(store.read(everything))) {
    sessions.set(sessionKey, [...(sessions.get(sessionKey) ?? []), eventId])
  }
  return sessions
}

const round = fc.record({
  lifeMs: fc.integer({min: 5, max: 300}),
  startMs: fc.integer({min: 0, max: 300}),
  lengthMs: fc.integer({min: 0, max: 250}),
  isOutage: fc.boolean(),
  /** Events at once: of many, some are nearly always on their way. */
  burst: fc.constantFrom(5, 60, 60),
})

describe.each(natsBinaries)('a gateway that is killed while nats-server %s is, too', (binary) => {
  it('leaves every committed event in the stream exactly once, in order', async () => {
    const server = await startNats({binary})
    onTestFinished(server.stop)
    const options = await forgetfulStream(server.url)
    const bench = await openBench()
    const kills = binary === 'current' ? 20 : 6
    for (const [number, one] of fc.sample(round, {seed: 20_261_121, numRuns: kills}).entries()) {
      const away = one.isOutage ? outage(server, one) : undefined
      await live(bench.folder, options, `life-${number}`, one.lifeMs, one.burst)
      await away
    }
    const {count} = await bench.store.count(everything)
    // Otherwise the kills came too late, or too early, to show anything.
    expect(count).toBeGreaterThan(kills * 20)
    const sink = createForwarder({
      name: 'default',
      openTarget: () => openNatsStore(options),
      nameTarget: async () => 'the stream',
    })
    const {stop} = bench.start(sink)
    const target = await openNatsStore(options)
    onTestFinished(() => target.close())
    await vi.waitFor(async () => expect(await target.count(everything)).toMatchObject({count}), 30_000)
    await stop()
    const forwarded = await allOf(target.read(everything))
    expect(new Set(forwarded.map(({eventId}) => eventId)).size).toBe(forwarded.length)
    expect(await idsOfSessions(target)).toEqual(await idsOfSessions(bench.store))
    expect(sink.status().delivered).toBeLessThan(count)
  }, 90_000)

  it('notices nothing while the server is away, and forwards all of it when it is back', async () => {
    const server = await startNats({binary})
    onTestFinished(server.stop)
    const options = await forgetfulStream(server.url)
    await server.kill9()
    const bench = await openBench()
    await live(bench.folder, options, 'lonely', 1000)
    const {count} = await bench.store.count(everything)
    expect(count).toBeGreaterThan(100)
    await server.restart()
    const life = live(bench.folder, options, 'second', 1500)
    const target = await openNatsStore(options)
    onTestFinished(() => target.close())
    await vi.waitFor(async () => expect((await target.count(everything)).count).toBeGreaterThan(count), 10_000)
    await life
    const forwarded = await idsOf(target.read(everything))
    expect(await idsOf(bench.store.read(everything, {limit: forwarded.length}))).toEqual(forwarded)
  })
})
