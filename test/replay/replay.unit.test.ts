import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {StoredEvent} from '../../src/lib/event/envelope.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {planReplay, totalOf} from '../../src/lib/replay/plan.ts'
import {type ReplayOptions, replayEvents} from '../../src/lib/replay/replay.ts'
import {type ResumeRequest, resume} from '../../src/lib/replay/resume.ts'
import {storeTarget} from '../../src/lib/replay/store-target.ts'
import type {ReplayTarget} from '../../src/lib/replay/target.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {event, eventsUpTo, ids} from '../contracts/event-store/events.ts'

let place: string
let file: string
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), 'claw-events-replay-'))
  file = path.join(place, 'place.json')
})
afterEach(() => rmSync(place, {recursive: true, force: true}))

async function storeOf(count: number): Promise<EventStore> {
  const store = openMemoryStore()
  await store.append(eventsUpTo(count))
  return store
}

/** What arrived is what was settled: a target that holds back what it was sent, as a pipe does. */
function slowTarget(onSend: (event: StoredEvent) => void = () => undefined) {
  const arrived: string[] = []
  let held: string[] = []
  const target: ReplayTarget = {
    async send(one) {
      onSend(one)
      held.push(one.eventId)
    },
    async settle() {
      arrived.push(...held)
      held = []
    },
    counts: () => ({}),
  }
  return {target, arrived}
}

const full = {filter: everything, speed: Number.POSITIVE_INFINITY}
const request = (changes: Partial<ResumeRequest> = {}): ResumeRequest => ({
  file,
  log: {store: 'memory:', stream: 'memory'},
  to: 'stdout',
  flags: {},
  filter: everything,
  limit: 0,
  ...changes,
})

function run(store: EventStore, target: ReplayTarget, options: Partial<ReplayOptions> = {}) {
  return replayEvents(store, target, {...full, signal: new AbortController().signal, ...options})
}

describe('replay', () => {
  it('into another log keeps ids, so that a second time adds nothing', async () => {
    const store = await storeOf(1300)
    const other = openMemoryStore()
    const again = () => run(store, storeTarget(other, {isPaced: false}))
    expect(await again()).toEqual({read: 1300, appended: 1300, duplicates: 0, interrupted: false})
    expect(await again()).toEqual({read: 1300, appended: 0, duplicates: 1300, interrupted: false})
    expect(ids(await Array.fromAsync(other.read(everything)))).toEqual(ids(eventsUpTo(1300)))
  })

  it('sends a paced event at once, not with the next batch', async () => {
    const other = openMemoryStore()
    const target = storeTarget(other, {isPaced: true})
    await target.send((await Array.fromAsync((await storeOf(1)).read(everything)))[0]!)
    expect(await other.head()).toBeDefined()
  })

  it('stopped anywhere, and gone on, as often as one likes, sends each event once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(60), fc.array(fc.nat(20), {maxLength: 6}), async (count, stops) => {
        const store = await storeOf(count)
        const all: string[] = []
        for (const after of [...stops, Number.POSITIVE_INFINITY]) {
          const stop = new AbortController()
          let left = after
          const {target, arrived} = slowTarget(() => {
            if (left-- <= 0) stop.abort()
          })
          const resumed = await resume(request())
          expect(resumed.sent).toBe(all.length)
          await run(store, target, {...resumed, signal: stop.signal})
          all.push(...arrived)
        }
        expect(all).toEqual(ids(eventsUpTo(count)))
        rmSync(file)
      }),
      {numRuns: 60},
    )
  })

  it('counts the limit over all of its parts, and goes on with what came since', async () => {
    const store = await storeOf(10)
    const part = async (limit: number) => {
      const {target, arrived} = slowTarget()
      await run(store, target, await resume(request({limit})))
      return arrived
    }
    expect(await part(4)).toEqual(ids(eventsUpTo(4)))
    expect(await part(4)).toEqual([])
    expect(await part(6)).toEqual(['e-4', 'e-5'])
    expect(await part(0)).toEqual(ids(eventsUpTo(10)).slice(6))
    await store.append([event('new')])
    expect(await part(0)).toEqual(['new'])
  })

  it('keeps the place while it waits for an event that is far off', async () => {
    const store = openMemoryStore()
    const far = new Date(Date.parse(event('e-0').timestamp) + 3_600_000).toISOString()
    await store.append([event('e-0'), event('far', {timestamp: far})])
    const stop = new AbortController()
    const kept = Promise.withResolvers<number>()
    const keepPlace = async ({read}: {read: number}) => kept.resolve(read)
    const {target, arrived} = slowTarget()
    const running = run(store, target, {speed: 1, signal: stop.signal, keepPlace})
    expect(await kept.promise).toBe(1)
    expect(arrived).toEqual(['e-0'])
    stop.abort()
    expect(await running).toMatchObject({read: 1, interrupted: true})
  })

  it('keeps the place of what has arrived when a target fails', async () => {
    const store = await storeOf(20)
    const {target, arrived} = slowTarget((one) => {
      if (one.eventId === 'e-7') throw new Error('the target is gone')
    })
    await expect(run(store, target, await resume(request()))).rejects.toThrow('the target is gone')
    expect(arrived).toEqual(ids(eventsUpTo(7)))
    expect((await resume(request())).sent).toBe(7)
  })
})

describe('the file of --resume', () => {
  it('goes on with what a relative time meant at first', async () => {
    const first = await resume(request({flags: {since: '2h'}, filter: {since: 1000}}))
    const later = await resume(request({flags: {since: '2h'}, filter: {since: 9000}}))
    expect([first.filter, later.filter]).toEqual([{since: 1000}, {since: 1000}])
  })

  it.each([
    ['another log', request, {log: {store: 'sqlite:/b', stream: 'b'}}],
    ['another target', request, {to: 'nats://x claw'}],
    ['other filters', request, {flags: {agent: ['x']}, filter: {agents: ['x']}}],
  ])('refuses %s', async (_what, make, changes) => {
    await resume(make())
    await expect(resume(make(changes))).rejects.toMatchObject({code: 'INPUT_INVALID', exit: 2})
  })

  it('refuses a file that is none of its own, and leaves it as it is', async () => {
    for (const text of ['', '{"half', '[]', '{"version":2}', 'my notes']) {
      writeFileSync(file, text)
      await expect(resume(request())).rejects.toMatchObject({code: 'INPUT_INVALID'})
      expect(readFileSync(file, 'utf8')).toBe(text)
    }
  })

  it('says before anything is sent that it cannot be written', async () => {
    await expect(resume(request({file: path.join(place, 'no', 'x')}))).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    })
    expect(readdirSync(place)).toEqual([])
  })
})

describe('a dry run', () => {
  it('tells how many events, from when to when, and how long they would take', async () => {
    const store = await storeOf(11)
    expect(await planReplay(store, everything, {speed: 10})).toEqual({
      events: 11,
      first: event('e-0').timestamp,
      last: event('e-10').timestamp,
      durationMs: 1000,
    })
    expect(await planReplay(store, everything, {speed: Number.POSITIVE_INFINITY, limit: 2})).toMatchObject({
      events: 2,
      durationMs: 0,
    })
    expect(await planReplay(openMemoryStore(), everything, {speed: 1})).toEqual({
      events: 0,
      first: null,
      last: null,
      durationMs: 0,
    })
    expect(await totalOf(store, everything, 0)).toBe(11)
    expect(await totalOf(store, {types: ['none']}, 5)).toBe(0)
  })
})
