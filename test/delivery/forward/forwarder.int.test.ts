import {rmSync} from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import {describe, expect, it, vi} from 'vitest'
import {createForwarder, type ForwarderOptions} from '../../../src/lib/delivery/forward/sink.ts'
import {ClawError} from '../../../src/lib/errors.ts'
import type {ReaderStep, StateStore} from '../../../src/lib/store/state-port.ts'
import {event, eventsUpTo, ids} from '../../contracts/event-store/events.ts'
import {openBench} from '../fixtures.ts'
import {type Fate, type ForgetfulLog, forgetfulLog} from './forgetful-log.ts'

const until = (check: () => void) => vi.waitFor(check, {timeout: 10_000, interval: 2})
const reader = 'forward:test'

function forwarderTo(target: ForgetfulLog, options: Partial<ForwarderOptions> = {}) {
  return createForwarder({
    name: 'test',
    openTarget: target.open,
    nameTarget: async () => 'the other log',
    retry: {firstMs: 2, longestMs: 10},
    ...options,
  })
}

describe('a forwarder', () => {
  it('forwards what is there and what comes, each event once, in order and as it is', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    const events = eventsUpTo(700, (n) => (n % 5 === 0 ? {visibility: 'confidential'} : {}))
    await bench.store.append(events.slice(0, 600))
    const sink = forwarderTo(target)
    const {stop} = bench.start(sink, {startAt: 'now'})
    for (const one of events.slice(600)) await bench.store.append([one])
    await until(() => expect(target.ids()).toHaveLength(700))
    expect(target.events()).toEqual(events)
    expect(sink.status()).toMatchObject({reader, state: 'running', delivered: 700, failed: 0, waiting: 0})
    await stop()
    expect(sink.status().state).toBe('stopped')
    expect(target.isOpen()).toBe(false)
    expect(bench.said).toEqual([])
    const cursor = await bench.state.cursor(reader)
    expect(cursor).toMatchObject({position: await bench.store.head(), details: {target: 'the other log'}})
    expect(cursor?.details).not.toHaveProperty('doubt')
  })

  it('goes on after a stop where it stopped, without a look at what the target has', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    await bench.store.append(eventsUpTo(10))
    const first = bench.start(forwarderTo(target))
    await until(() => expect(target.ids()).toHaveLength(10))
    await first.stop()
    await bench.store.append(eventsUpTo(20))
    const second = bench.start(forwarderTo(target))
    await until(() => expect(target.ids()).toHaveLength(20))
    await second.stop()
    expect(target.ids()).toEqual(ids(eventsUpTo(20)))
    expect(target.calls.every(({bulk}) => bulk === undefined)).toBe(true)
  })

  it('has every event there once and in order, whatever fails or is lost on the way', async () => {
    const fate = fc.constantFrom<Fate>('works', 'works', 'fails', 'lost', 'part')
    const some = fc.array(fate, {maxLength: 12})
    const fates = fc.record({append: some, head: some, open: some, commit: some})
    await fc.assert(
      fc.asyncProperty(
        fates,
        fc.array(fc.integer({min: 1, max: 300}), {minLength: 1, maxLength: 5}),
        async (given, sizes) => {
          const bench = await openBench()
          const target = forgetfulLog()
          const {append, head, open, commit} = structuredClone(given)
          Object.assign(target.fates, {append, head, open})
          target.put([event('of-others')])
          const state = unreliable(bench.state, commit)
          const {stop} = bench.start(forwarderTo(target), {state})
          const events = eventsUpTo(sizes.reduce((sum, size) => sum + size, 0))
          let at = 0
          for (const size of sizes) {
            await bench.store.append(events.slice(at, at + size))
            at += size
            target.put([event(`of-others-${at}`)])
          }
          const ours = () => target.ids().filter((id) => id.startsWith('e-'))
          await until(() => expect(ours().length).toBeGreaterThanOrEqual(events.length))
          await stop()
          expect(ours()).toEqual(ids(events))
        },
      ),
      {numRuns: 25},
    )
  }, 90_000)

  it('says once that the target is away and once that it is back, and waits in between', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    target.fates.open = Array.from({length: 20}, () => 'fails')
    const sink = forwarderTo(target)
    const {stop} = bench.start(sink)
    await bench.store.append(eventsUpTo(5))
    await until(() => expect(sink.status()).toMatchObject({state: 'paused', reason: 'cannot reach the other log'}))
    expect(sink.status().details).toHaveProperty('pausedSince')
    await until(() => expect(target.ids()).toEqual(ids(eventsUpTo(5))))
    await until(() => expect(sink.status()).toMatchObject({state: 'running', delivered: 5}))
    expect(sink.status()).not.toHaveProperty('reason')
    await stop()
    expect(bench.said).toEqual([
      `warn: ${reader}: events wait in the embedded log, since they cannot be forwarded: cannot reach the other log`,
      `info: ${reader}: events are forwarded again`,
    ])
  })

  it('puts aside what the target refuses, and holds nothing up for it', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    const reasons: Record<string, ClawError> = {
      'e-3': new ClawError('EVENT_INVALID', 'its names are too long'),
      'e-4': new ClawError('STORE_FAILED', 'message size exceeds maximum'),
      'e-90': new ClawError('STORE_AUTH', 'not allowed to publish there'),
    }
    target.refuse(({eventId}) => reasons[eventId])
    await bench.store.append(eventsUpTo(100))
    const sink = forwarderTo(target)
    const {stop} = bench.start(sink)
    const kept = ids(eventsUpTo(100)).filter((id) => !(id in reasons))
    await until(() => expect(target.ids()).toEqual(kept))
    await until(async () => expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 3}))
    await bench.store.append([event('behind')])
    await until(() => expect(target.ids()).toEqual([...kept, 'behind']))
    expect(sink.status()).toMatchObject({state: 'running', delivered: 98, failed: 3})
    expect(bench.said).toEqual([
      `warn: ${reader}: 3 events were refused and are kept as dead deliveries: its names are too long`,
    ])
    const dead = await bench.state.deliveries({reader, state: 'dead'})
    expect(dead.map(({eventId, lastError, attempts}) => [eventId, lastError, attempts])).toEqual(
      Object.entries(reasons).map(([id, {message}]) => [id, message, 1]),
    )
    expect(dead[0]!.event).toEqual(event('e-3'))
    // Somebody has changed the target, and asks for another try.
    target.refuse(({eventId}) => (eventId === 'e-4' ? reasons['e-4'] : undefined))
    await stop()
    expect(await bench.state.retryDead(reader)).toBe(3)
    const again = bench.start(sink)
    await until(() => expect(target.ids()).toEqual([...kept, 'behind', 'e-3', 'e-90']))
    await until(async () => expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 1}))
    await again.stop()
    expect(await bench.state.deliveries({reader})).toMatchObject([{eventId: 'e-4', attempts: 1}])
  })

  it('keeps an event that is refused until another one shows that the target works', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    target.refuse(({eventId}) => (eventId === 'odd' ? new ClawError('STORE_CONFLICT', 'no such subject') : undefined))
    const sink = forwarderTo(target)
    const {stop} = bench.start(sink)
    await bench.store.append([event('odd')])
    await until(() => expect(sink.status()).toMatchObject({state: 'paused', reason: 'no such subject'}))
    expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 0})
    await bench.store.append([event('good')])
    await until(() => expect(target.ids()).toEqual(['good']))
    await until(async () => expect(await bench.state.countDeliveries(reader)).toEqual({waiting: 0, dead: 1}))
    await stop()
  })

  it('gives a new target everything, but nothing that it has', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    await bench.store.append(eventsUpTo(600))
    // As an earlier forwarder left it, whose cursor is gone.
    target.put(eventsUpTo(300))
    const {stop} = bench.start(forwarderTo(target))
    await until(() => expect(target.ids()).toHaveLength(600))
    await bench.store.append([event('later')])
    await until(() => expect(target.ids()).toHaveLength(601))
    await stop()
    expect(target.ids()).toEqual([...ids(eventsUpTo(600)), 'later'])
    expect(target.calls.at(-1)).toEqual({events: 1, bulk: undefined})
    const other = forgetfulLog()
    const second = bench.start(forwarderTo(other, {nameTarget: async () => 'a third log'}))
    await until(() => expect(other.ids()).toEqual([...ids(eventsUpTo(600)), 'later']))
    await second.stop()
  })

  it('looks only behind where the target ended before the batch whose fate is open', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    const first = bench.start(forwarderTo(target))
    await bench.store.append([event('a')])
    await until(() => expect(target.ids()).toEqual(['a']))
    await first.stop()
    target.put(Array.from({length: 500}, (_, n) => event(`of-others-${n}`)))
    target.fates.append = ['part']
    await bench.store.append(eventsUpTo(10))
    const second = bench.start(forwarderTo(target))
    await until(() => expect(target.ids()).toHaveLength(511))
    await second.stop()
    expect(target.ids().slice(-10)).toEqual(ids(eventsUpTo(10)))
    expect(target.calls.slice(1)).toEqual([
      {events: 10, bulk: undefined},
      {events: 10, bulk: {after: '00000501'}},
    ])
  })

  it('does not search a target that was quiet since this log began', async () => {
    const bench = await openBench()
    const target = forgetfulLog(() => Date.now() - 7_200_000)
    target.put([event('old')])
    await bench.store.append(eventsUpTo(3))
    const {stop} = bench.start(forwarderTo(target))
    await until(() => expect(target.ids()).toHaveLength(4))
    await stop()
    expect(target.calls).toEqual([{events: 3, bulk: undefined}])
  })

  it('forwards a log that took the place of another one from its start', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    await bench.store.append(eventsUpTo(5))
    const first = bench.start(forwarderTo(target))
    await until(() => expect(target.ids()).toHaveLength(5))
    await first.stop()
    for (const name of ['events.db', 'events.db-wal', 'events.db-shm'])
      rmSync(path.join(bench.folder, name), {force: true})
    const anew = Array.from({length: 9}, (_, n) => event(`n-${n}`))
    await bench.store.append(anew.slice(0, 8))
    const second = bench.start(forwarderTo(target))
    await until(() => expect(target.ids()).toEqual([...ids(eventsUpTo(5)), ...ids(anew.slice(0, 8))]))
    // And while it runs.
    for (const name of ['events.db', 'events.db-wal', 'events.db-shm'])
      rmSync(path.join(bench.folder, name), {force: true})
    await bench.store.append(anew.slice(8))
    await until(() => expect(target.ids().at(-1)).toBe('n-8'))
    await second.stop()
    expect(target.ids()).toHaveLength(14)
    expect((await bench.state.cursor(reader))?.position).toBe(await bench.store.head())
  })

  it('forwards the events of one agent, and moves on past the others', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    await bench.store.append(eventsUpTo(20, (n) => ({agentId: n % 4 === 0 ? 'ada' : 'bob'})))
    const {stop} = bench.start(forwarderTo(target, {filter: {agents: ['ada']}}))
    await until(() => expect(target.ids()).toEqual(['e-0', 'e-4', 'e-8', 'e-12', 'e-16']))
    await vi.waitFor(async () => expect((await bench.state.cursor(reader))?.position).toBe(await bench.store.head()), {
      timeout: 10_000,
      interval: 50,
    })
    await stop()
  })

  it('goes past what another forwarder takes', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    const sink = forwarderTo(target, {wants: ({agentId}) => agentId !== 'bob'})
    const {stop} = bench.start(sink)
    await bench.store.append(eventsUpTo(20, (n) => ({agentId: n < 10 ? 'ada' : 'bob'})))
    await until(async () => expect((await bench.state.cursor(reader))?.position).toBe(await bench.store.head()))
    expect(target.ids()).toEqual(ids(eventsUpTo(10)))
    await stop()
  })

  it('ends within seconds though the target never answers, and commits nothing after that', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    const answer = Promise.withResolvers<void>()
    const sink = forwarderTo(target, {
      openTarget: async () => {
        const store = await target.open()
        return {
          ...store,
          async append(events, options) {
            await answer.promise
            return store.append(events, options)
          },
          close: () => new Promise<void>(() => undefined),
        }
      },
    })
    const {stop} = bench.start(sink)
    await bench.store.append(eventsUpTo(3))
    await until(() => expect(sink.status().waiting).toBe(3))
    const start = performance.now()
    await stop()
    expect(performance.now() - start).toBeLessThan(4000)
    const cursor = await bench.state.cursor(reader)
    expect(cursor).toMatchObject({position: '', details: {doubt: {after: ''}}})
    answer.resolve()
    await until(() => expect(target.ids()).toHaveLength(3))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await bench.state.cursor(reader)).toEqual(cursor)
    const again = bench.start(forwarderTo(target))
    await bench.store.append(eventsUpTo(5))
    await until(() => expect(target.ids()).toEqual(ids(eventsUpTo(5))))
    await again.stop()
  })

  it('waits when more is refused than anybody could look at', async () => {
    const bench = await openBench()
    const target = forgetfulLog()
    target.refuse(({eventId}) => (eventId === 'e-1' ? new ClawError('EVENT_INVALID', 'no') : undefined))
    await bench.store.append(eventsUpTo(3))
    const state: StateStore = {...bench.state, countDeliveries: async () => ({waiting: 0, dead: 10_000})}
    const sink = forwarderTo(target)
    const {stop} = bench.start(sink, {state})
    await until(() => expect(sink.status()).toMatchObject({state: 'paused', reason: expect.stringContaining('10000')}))
    await stop()
    expect(target.ids()).toEqual(['e-0', 'e-2'])
  })
})

/** A state store some of whose commits fail, before or after they took effect. */
function unreliable(state: StateStore, fates: Fate[]): StateStore {
  return {
    ...state,
    async commit(step: ReaderStep) {
      const fate = fates.shift() ?? 'works'
      if (fate === 'fails' || fate === 'part') throw new Error('the disk failed')
      await state.commit(step)
      if (fate === 'lost') throw new Error('the disk failed afterwards')
    },
  }
}
