import {describe, expect, it} from 'vitest'
import type {Position, StoredEvent} from '../../../src/lib/event/envelope.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import {allOf, event, eventsUpTo, ids, idsOf, take} from './events.ts'
import type {Subject} from './subject.ts'

export function readContract(subject: Subject): void {
  describe('read', () => {
    it('yields nothing from an empty log', async () => {
      const {store} = await subject.open()
      expect(await idsOf(store.read(everything))).toEqual([])
      expect(await idsOf(store.read({types: ['tool.*'], text: 'deploy'}, {order: 'desc', limit: 5}))).toEqual([])
      expect(await store.head()).toBeUndefined()
      expect(await store.describe()).toMatchObject({events: 0, first: null, last: null})
    })

    it('resumes after any position, upwards and downwards, to any end and with any limit', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(12))
      const all = await allOf(store.read(everything))
      for (let first = 0; first <= all.length; first++) {
        for (const last of [first, Math.min(first + 4, all.length), all.length].filter(Boolean)) {
          const wanted = ids(all.slice(first, last))
          const range = {from: placeBefore(all, first), to: placeBefore(all, last)}
          expect(await idsOf(store.read(everything, range))).toEqual(wanted)
          expect(await idsOf(store.read(everything, {...range, limit: 3}))).toEqual(wanted.slice(0, 3))
          expect(await idsOf(store.read(everything, {...range, order: 'desc'}))).toEqual(wanted.toReversed())
          const newest = store.read(everything, {...range, order: 'desc', limit: 2})
          expect(await idsOf(newest)).toEqual(wanted.toReversed().slice(0, 2))
        }
      }
    })

    it('ranges and limits count matching events only', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(30, (index) => ({agentId: index % 3 === 0 ? 'third' : 'other'})))
      const all = await allOf(store.read(everything))
      const range = {from: all[3]!.position, to: all[27]!.position}
      const thirds = ids(all.slice(4, 28).filter(({agentId}) => agentId === 'third'))
      const filter = {agents: ['third']}
      expect(await idsOf(store.read(filter, range))).toEqual(thirds)
      expect(await idsOf(store.read(filter, {...range, limit: 4}))).toEqual(thirds.slice(0, 4))
      const newest = store.read(filter, {...range, limit: 4, order: 'desc'})
      expect(await idsOf(newest)).toEqual(thirds.toReversed().slice(0, 4))
    })

    it('takes a limit of 0 for no limit', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(120))
      expect(await idsOf(store.read(everything, {limit: 0}))).toHaveLength(120)
    })

    it('reads many pages without missing or repeating an event', async () => {
      const {store} = await subject.open()
      const events = eventsUpTo(3000, (index) => ({agentId: `agent-${index % 2}`}))
      await store.append(events)
      expect(await idsOf(store.read(everything))).toEqual(ids(events))
      expect(await idsOf(store.read(everything, {order: 'desc'}))).toEqual(ids(events).reverse())
      const odd = ids(events.filter(({agentId}) => agentId === 'agent-1'))
      expect(await idsOf(store.read({agents: ['agent-1']}))).toEqual(odd)
      expect(await idsOf(store.read({agents: ['agent-1']}, {order: 'desc'}))).toEqual(odd.reverse())
    })

    it('does not yield what was appended after the call began', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(5))
      const reading = store.read(everything)[Symbol.asyncIterator]()
      const seen: StoredEvent[] = []
      for (let step = await reading.next(); !step.done; step = await reading.next()) {
        seen.push(step.value)
        await store.append([event(`later-${seen.length}`)])
      }
      expect(ids(seen)).toEqual(ids(eventsUpTo(5)))
    })

    it('ends quietly when the reader stops early, and reads again from the start', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(2000))
      expect(ids(await take(store.read(everything), 3))).toEqual(['e-0', 'e-1', 'e-2'])
      expect(await store.append([event('after')])).toEqual({appended: 1, duplicates: 0})
      expect(ids(await take(store.read(everything, {order: 'desc'}), 1))).toEqual(['after'])
    })

    it('ends with the reason of its signal, at its start or in the middle, so that a part is not taken for all', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(2000))
      const stop = new AbortController()
      const reason = new Error('stopped')
      const seen: string[] = []
      const reading = (async () => {
        for await (const {eventId} of store.read(everything, {signal: stop.signal})) {
          seen.push(eventId)
          if (seen.length === 3) stop.abort(reason)
        }
      })()
      await expect(reading).rejects.toBe(reason)
      expect(seen).toEqual(['e-0', 'e-1', 'e-2'])
      const again = store.read(everything, {order: 'desc', signal: stop.signal})
      await expect(idsOf(again)).rejects.toBe(reason)
      await expect(store.count(everything, 'session', {signal: stop.signal})).rejects.toBe(reason)
      expect(await idsOf(store.read(everything, {signal: new AbortController().signal}))).toHaveLength(2000)
    })

    it('serves several readers at once, each at its own pace', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(300))
      const [up, down, few] = await Promise.all([
        idsOf(store.read(everything)),
        idsOf(store.read(everything, {order: 'desc'})),
        take(store.read({types: ['message.*']}), 7),
      ])
      expect(up).toEqual(ids(eventsUpTo(300)))
      expect(down).toEqual(up.toReversed())
      expect(ids(few)).toEqual(up.slice(0, 7))
    })

    it('knows its newest position and describes what it holds', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(9))
      const all = await allOf(store.read(everything))
      const [first, last] = [all[0]!, all[8]!]
      expect(await store.head()).toBe(last.position)
      const description = await store.describe()
      expect(description).toMatchObject({
        events: 9,
        first: {position: first.position, storedAt: first.storedAt},
        last: {position: last.position, storedAt: last.storedAt},
      })
      expect(description.bytes).toBeGreaterThan(0)
      expect(description.durability.detail).not.toBe('')
    })
  })
}

/** The position after which the event of this index comes; the empty string stands before everything. */
function placeBefore(all: readonly StoredEvent[], index: number): Position {
  return all[index - 1]?.position ?? ''
}
