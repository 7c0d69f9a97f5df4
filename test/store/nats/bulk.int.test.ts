import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {setTimeout} from 'node:timers/promises'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {normalize} from '../../../src/lib/event/normalize.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import {logStart} from '../../../src/lib/store/port.ts'
import {event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {bareClient, newLog, reconfigure} from './a-log.ts'

const child = new URL('./publishing-child.ts', import.meta.url).pathname
const count = 5000

/** A seeded random number generator (mulberry32): the same moments in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Runs a writer, and kills it after so many calls that added something. */
async function runWriter(options: NatsOptions, killAfterCalls = Number.POSITIVE_INFINITY): Promise<void> {
  const argument = JSON.stringify({options, count})
  const writer = spawn(process.execPath, [child, argument], {stdio: ['ignore', 'pipe', 'inherit']})
  const ended = once(writer, 'close')
  let calls = 0
  writer.stdout.on('data', (dots: Buffer) => {
    calls += dots.length
    if (calls >= killAfterCalls) writer.kill('SIGKILL')
  })
  const [code, signal] = await ended
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the writer ended with ${code}`)
}

describe.each(natsBinaries)('bulk writers on nats-server %s', (binary) => {
  let server: NatsServer
  beforeAll(async () => {
    server = await startNats({binary})
  })
  afterAll(() => server.stop())

  async function logWithoutDuplicateWindow() {
    const options = await newLog(server.url)
    await reconfigure(server.url, options.stream, {duplicate_window: 100_000_000})
    return options
  }

  it('killed at random moments and run again leave exactly the events of one run, beyond the duplicate window', async () => {
    const options = await logWithoutDuplicateWindow()
    const next = random(20_261_121)
    const {jsm, close} = await bareClient(server.url)
    const stored: number[] = []
    for (let kill = 0; kill < 6; kill++) {
      await runWriter(options, 1 + Math.floor(next() * 12))
      stored.push((await jsm.streams.info(options.stream)).state.messages)
    }
    await close()
    // Otherwise the kills came too late to show anything.
    expect(stored.at(-1)).toBeLessThan(count)
    await runWriter(options)
    const store = await openNatsStore(options)
    expect(await idsOf(store.read(everything))).toEqual(ids(eventsUpTo(count)))
    await store.close()
  })

  it('know the events that other tools wrote, whose ids come from their content', async () => {
    const options = await logWithoutDuplicateWindow()
    const foreign = {id: 'x', ts: 1_790_000_000_000, agent: 'main', session: 's', type: 'msg.in', payload: {text: 'hi'}}
    const {jsm, close} = await bareClient(server.url)
    const js = jsm.jetstream()
    await js.publish(`${options.prefix}.main.msg_in`, JSON.stringify(foreign))
    await js.publish(`${options.prefix}.main.msg_in`, JSON.stringify({...foreign, id: 'y'}), {msgID: 'their own id'})
    await js.publish(`${options.prefix}.main.noise`, 'no event at all')
    await close()
    const store = await openNatsStore(options)
    await store.append([event('a')])
    const known = [normalize(foreign), normalize({...foreign, id: 'y'}), event('a'), event('b')]
    expect(await store.append(known, {bulk: true})).toEqual({appended: 1, duplicates: 3})
    await store.close()
  })

  it('know what others added since they loaded the ids', async () => {
    const options = await logWithoutDuplicateWindow()
    const [one, other] = [await openNatsStore(options), await openNatsStore(options)]
    expect(await one.append(eventsUpTo(10), {bulk: true})).toEqual({appended: 10, duplicates: 0})
    expect(await other.append(eventsUpTo(20), {bulk: true})).toEqual({appended: 10, duplicates: 10})
    expect(await one.append(eventsUpTo(30), {bulk: true})).toEqual({appended: 10, duplicates: 20})
    expect(await other.append(eventsUpTo(30))).toEqual({appended: 0, duplicates: 30})
    expect(await one.append(eventsUpTo(30), {bulk: true})).toEqual({appended: 0, duplicates: 30})
    expect(await idsOf(one.read(everything))).toEqual(ids(eventsUpTo(30)))
    await Promise.all([one.close(), other.close()])
  })

  it('look only at the part of the stream in which they are told that their events may be', async () => {
    const hourMs = 3_600_000
    const cases = [
      [(half: string) => ({after: half}), 10],
      [(_: string, end: string) => ({after: end}), 0],
      [() => ({after: logStart}), 20],
      [(_half: string, _end: string, between: Date) => ({since: between}), 10],
      [() => ({since: new Date(Date.now() + hourMs)}), 0],
      [() => ({since: new Date(Date.now() - hourMs)}), 20],
    ] as const
    for (const [rangeOf, known] of cases) {
      const options = await logWithoutDuplicateWindow()
      const writer = await openNatsStore(options)
      await writer.append(eventsUpTo(10))
      const half = (await writer.head())!
      // The server's clock and its duplicate window shall tell the two halves apart.
      await setTimeout(150)
      const between = new Date()
      await writer.append(eventsUpTo(20).slice(10))
      const end = (await writer.head())!
      await setTimeout(150)
      await writer.close()
      const store = await openNatsStore(options)
      const bulk = rangeOf(half, end, between)
      expect(await store.append(eventsUpTo(20), {bulk})).toEqual({appended: 20 - known, duplicates: known})
      await store.close()
    }
  })

  it('do not take events for known whose storing failed', async () => {
    const options = await logWithoutDuplicateWindow()
    const store = await openNatsStore(options)
    await store.append(eventsUpTo(5), {bulk: true})
    await reconfigure(server.url, options.stream, {max_msgs: 7, discard: 'new'})
    const failing = store.append(eventsUpTo(10), {bulk: true})
    await expect(failing).rejects.toMatchObject({
      code: 'STORE_FULL',
      message: expect.stringMatching(/event e-7: .* takes no more: maximum messages exceeded; 2 of 5 events/),
    })
    await reconfigure(server.url, options.stream, {max_msgs: -1, discard: 'old'})
    expect(await store.append(eventsUpTo(10), {bulk: true})).toEqual({appended: 3, duplicates: 7})
    await store.close()
  })
})
