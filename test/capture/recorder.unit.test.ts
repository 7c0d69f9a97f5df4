import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {ClawError} from '../../src/lib/errors.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {allOf, event, eventsUpTo, ids, idsOf} from '../contracts/event-store/events.ts'
import {recorderOn, turn} from './recorder-scene.ts'

type Fate = 'works' | 'STORE_FULL' | 'STORE_FAILED' | 'part' | 'closed'

/** A store whose next appends go as told; `refuses` are ids that it never takes. */
function moody(fates: Fate[], refuses: ReadonlySet<string> = new Set()): EventStore {
  const store = openMemoryStore()
  return {
    ...store,
    async append(events) {
      const fate = fates.shift() ?? 'works'
      if (fate === 'closed') throw new ClawError('STORE_CLOSED', 'closed')
      if (fate === 'part' && events.length > 1) {
        await store.append(events.slice(0, events.length >> 1))
        throw new ClawError('STORE_FULL', 'full in the middle')
      }
      if (fate === 'STORE_FULL' || fate === 'STORE_FAILED') throw new ClawError(fate, 'as told')
      if (events.some(({eventId}) => refuses.has(eventId))) throw new TypeError('cannot take that')
      return store.append(events)
    },
    close: async () => undefined,
  }
}

describe('a recorder', () => {
  it('has in the log what was recorded and not dropped, once and in order, whatever fails on the way', async () => {
    const fate = fc.constantFrom<Fate>('works', 'STORE_FULL', 'STORE_FAILED', 'part', 'closed')
    const call = fc.record({size: fc.integer({min: 1, max: 30}), isLater: fc.boolean(), endsTurn: fc.boolean()})
    const arbCalls = fc.array(call, {minLength: 1, maxLength: 20})
    await fc.assert(
      fc.asyncProperty(
        arbCalls,
        fc.array(fate, {maxLength: 12}),
        fc.integer({min: 20, max: 60}),
        async (calls, fates, queueLimit) => {
          const store = moody([...fates])
          const {recorder} = recorderOn(async () => store, {queueLimit})
          let made = 0
          for (const {size, isLater, endsTurn} of calls) {
            const events = Array.from({length: size}, () => event(`e-${made++}`))
            if (isLater) recorder.recordLater(() => events)
            else recorder.record(events)
            if (endsTurn) await turn()
          }
          await recorder.flush(20_000)
          const stored = await allOf(store.read(everything))
          const drops = stored.filter(({type}) => type === 'capture.dropped')
          const kept = ids(stored.filter(({type}) => type !== 'capture.dropped'))
          const dropped = drops.reduce((sum, {data}) => sum + Number(data['count']), 0)
          expect(kept).toEqual(kept.toSorted((a, b) => Number(a.slice(2)) - Number(b.slice(2))))
          expect(new Set(kept).size).toBe(kept.length)
          const {dropped: counted, committed, pending} = recorder.status()
          expect({counted, committed, pending}).toEqual({counted: dropped, committed: made - dropped, pending: 0})
          // Of a batch that was stored in part and dropped later, the part is there all the same.
          expect(kept.length).toBeGreaterThanOrEqual(made - dropped)
        },
      ),
      {numRuns: 60},
    )
  })

  it('drops the one event that the log refuses, and stores those around it', async () => {
    const store = moody([], new Set(['e-3', 'e-7']))
    const {recorder, said} = recorderOn(async () => store)
    recorder.record(eventsUpTo(10))
    await recorder.committed(5000).catch(() => undefined)
    await recorder.flush(5000)
    const kept = ids(eventsUpTo(10)).filter((id) => id !== 'e-3' && id !== 'e-7')
    expect(await idsOf(store.read({types: ['message.*']}))).toEqual(kept)
    expect(recorder.status()).toEqual({pending: 0, dropped: 2, committed: 8})
    expect(said.of('warn')).toEqual([
      'events are dropped (STORE_FAILED): capture.dropped in the event log will say how many',
    ])
  })

  it('stores nothing behind what came after it, when the log fails while one event is refused', async () => {
    // Of the batch, e-0 is stored, e-1 refused twice, e-2 stored; then the log is gone for a while.
    const store = moody(['STORE_FAILED', 'works', 'STORE_FAILED', 'STORE_FAILED', 'works', 'closed', 'closed'])
    const {recorder} = recorderOn(async () => store)
    recorder.record(eventsUpTo(5))
    await recorder.flush(5000)
    expect(await idsOf(store.read({types: ['message.*']}))).toEqual(['e-0', 'e-2', 'e-3', 'e-4'])
    expect(recorder.status()).toEqual({pending: 0, dropped: 1, committed: 4})
  })

  it('keeps an event that the log refuses until another one shows that the log works', async () => {
    const store = moody([], new Set(['e-0']))
    const {recorder} = recorderOn(async () => store)
    recorder.record([event('e-0')])
    await expect(recorder.committed(60)).rejects.toThrow('not in the event log after 60 ms: cannot take that')
    expect(recorder.status()).toMatchObject({pending: 1, dropped: 0})
    recorder.record([event('e-1')])
    await expect(recorder.committed(5000)).rejects.toThrow('dropped')
    expect(recorder.status()).toMatchObject({pending: 0, dropped: 1, committed: 1})
  })

  it('tells a waiter at once when its event is dropped', async () => {
    const {recorder} = recorderOn(() => new Promise(() => undefined), {queueLimit: 10})
    recorder.record([event('mine')])
    const waiting = recorder.committed(60_000)
    recorder.record(eventsUpTo(10))
    await expect(waiting).rejects.toThrow('an event was dropped (QUEUE_FULL)')
  })

  it('makes events when nobody waits for it, but not later than anybody asks for them', async () => {
    const {recorder} = recorderOn(async () => moody([]), {queueLimit: 10_000})
    let made = 0
    const later = () => recorder.recordLater(() => [event(`e-${made++}`)])
    later()
    expect(made).toBe(0)
    await recorder.committed(5000)
    expect(recorder.status()).toMatchObject({pending: 0, committed: 1})
    later()
    expect(recorder.status()).toMatchObject({pending: 1})
    for (let n = 0; n < 5000; n++) later()
    // Of what the host tells in one turn, only so much waits to be made.
    expect(made).toBeGreaterThan(4500)
    await recorder.flush(5000)
    expect(recorder.status()).toMatchObject({pending: 0, committed: 5002})
  })

  it('has nothing to wait for when nothing was recorded', async () => {
    const {recorder} = recorderOn(() => Promise.reject(new Error('never asked')))
    await recorder.committed(1)
    await recorder.flush(1)
    expect(recorder.status()).toEqual({pending: 0, dropped: 0, committed: 0})
  })

  it('survives diagnostics that throw', async () => {
    const boom = () => {
      throw new Error('the host’s log is broken')
    }
    const store = moody(['STORE_FULL', 'STORE_FAILED', 'closed'])
    const {recorder} = recorderOn(async () => store, {
      diagnostics: {debug: boom, info: boom, warn: boom, error: boom},
      queueLimit: 5,
    })
    recorder.record(eventsUpTo(20))
    await recorder.committed(5000)
    expect(recorder.status()).toMatchObject({pending: 0, dropped: 15})
  })

  it('tells drops that go on no more than once a second', async () => {
    const store = moody([])
    const {recorder, said} = recorderOn(async () => store, {queueLimit: 5})
    for (let n = 0; n < 30; n++) {
      recorder.record(eventsUpTo(8).map((one) => ({...one, eventId: `${n}-${one.eventId}`})))
      await turn()
    }
    await recorder.flush(5000)
    const counts = (await allOf(store.read({types: ['capture.dropped']}))).map(({data}) => Number(data['count']))
    expect(counts.length).toBeLessThanOrEqual(2)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(recorder.status().dropped)
    expect(recorder.status().dropped).toBeGreaterThanOrEqual(90)
    expect(said.of('warn').length).toBe(counts.length)
  })

  it('uses the event that it is given to tell of drops', async () => {
    const store = moody([])
    const {recorder} = recorderOn(async () => store, {
      queueLimit: 4,
      makeDropEvent: ({count, reason, firstAt, lastAt}) => event('told', {data: {count, reason, firstAt, lastAt}}),
    })
    recorder.record(eventsUpTo(7))
    await recorder.flush(5000)
    const [told] = await allOf(store.read(everything))
    expect(told).toMatchObject({eventId: 'told', data: {count: 3, reason: 'QUEUE_FULL'}})
    expect(told!.data['firstAt']).toBe(event('e-0').timestamp)
    expect(told!.data['lastAt']).toBe(event('e-2').timestamp)
  })
})
