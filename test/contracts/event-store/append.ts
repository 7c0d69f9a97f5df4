import {describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {allOf, event, eventsUpTo, ids, idsOf} from './events.ts'
import type {Subject} from './subject.ts'

export function appendContract(subject: Subject): void {
  describe('append', () => {
    it('keeps events in the order of the calls and of each call', async () => {
      const {store} = await subject.open()
      const events = eventsUpTo(30)
      for (let at = 0; at < events.length; at += 7) await store.append(events.slice(at, at + 7))
      expect(await idsOf(store.read(everything))).toEqual(ids(events))
    })

    it('keeps the order of calls that were not awaited', async () => {
      const {store} = await subject.open()
      const events = eventsUpTo(40)
      const results = await Promise.all(events.map((one) => store.append([one])))
      expect(results).toEqual(events.map(() => ({appended: 1, duplicates: 0})))
      expect(await idsOf(store.read(everything))).toEqual(ids(events))
    })

    it('keeps an event once, however often it is appended', async () => {
      const {store} = await subject.open()
      expect(await store.append([event('a')])).toEqual({appended: 1, duplicates: 0})
      expect(await store.append([event('a'), event('b')])).toEqual({appended: 1, duplicates: 1})
      expect(await store.append([event('a'), event('b')])).toEqual({appended: 0, duplicates: 2})
      expect(await idsOf(store.read(everything))).toEqual(['a', 'b'])
    })

    it('keeps an event once that stands twice in one call, and the first of the two', async () => {
      const {store} = await subject.open()
      const twice = [event('a', {data: {take: 1}}), event('b'), event('a', {data: {take: 2}})]
      expect(await store.append(twice)).toEqual({appended: 2, duplicates: 1})
      const kept = await allOf(store.read(everything))
      expect(ids(kept)).toEqual(['a', 'b'])
      expect(kept[0]?.data).toEqual({take: 1})
    })

    it('tells which duplicates differ from what is held, where it can compare', async () => {
      const {store} = await subject.open()
      await store.append([event('a', {data: {take: 1}}), event('b')])
      const again = [event('b'), event('c'), event('a', {data: {take: 2}}), event('c', {data: {take: 3}})]
      const {differing, ...counts} = await store.append(again, {compare: true})
      expect(counts).toEqual({appended: 1, duplicates: 3})
      if (differing === undefined) expect((await store.describe()).kind).toBe('nats')
      else
        expect(differing).toEqual([
          {index: 2, stored: event('a', {data: {take: 1}})},
          {index: 3, stored: event('c')},
        ])
    })

    it('tells ids apart that differ only in case, dashes or type', async () => {
      const {store} = await subject.open()
      const uuid = '0193a5b0-7c1e-7def-8abc-0123456789ab'
      const alike = [uuid, uuid.toUpperCase(), uuid.replaceAll('-', ''), `${uuid} `, `{${uuid}}`, '1', '01', '1.0']
      expect(await store.append(alike.map((id) => event(id)))).toEqual({appended: alike.length, duplicates: 0})
      expect(await store.append(alike.map((id) => event(id)))).toEqual({appended: 0, duplicates: alike.length})
      expect(await idsOf(store.read(everything))).toEqual(alike)
    })

    it('takes an empty call', async () => {
      const {store} = await subject.open()
      expect(await store.append([])).toEqual({appended: 0, duplicates: 0})
      expect(await store.head()).toBeUndefined()
    })

    it('gives rising positions and times of storage that never go back', async () => {
      const {store} = await subject.open()
      const before = new Date().toISOString()
      await store.append(eventsUpTo(25))
      await store.append([event('late')])
      const stored = await allOf(store.read(everything))
      const positions = stored.map(({position}) => position)
      const times = stored.map(({storedAt}) => storedAt)
      expect(new Set(positions).size).toBe(26)
      expect(positions).toEqual([...positions].sort())
      expect(times).toEqual([...times].sort())
      expect(times[0]! >= before).toBe(true)
      expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    })

    it('keeps what it was given, not what the caller makes of it later', async () => {
      const {store} = await subject.open()
      const one = event('a', {data: {text: 'as it was'}})
      const appending = store.append([one])
      await appending
      one.data['text'] = 'changed afterwards'
      const [kept] = await allOf(store.read(everything))
      kept!.data['text'] = 'changed by a reader'
      const [again] = await allOf(store.read(everything))
      expect(again?.data).toEqual({text: 'as it was'})
    })

    it('knows the ids of a bulk writer', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(20))
      expect(await store.append(eventsUpTo(30), {bulk: true})).toEqual({appended: 10, duplicates: 20})
      expect(await store.append(eventsUpTo(40), {bulk: true})).toEqual({appended: 10, duplicates: 30})
      expect(await idsOf(store.read(everything))).toEqual(ids(eventsUpTo(40)))
    })

    if (!subject.traits.persistent) return

    it('knows the ids and the order of an earlier handle', async () => {
      const {store, reopen} = await subject.open()
      await store.append(eventsUpTo(10))
      await store.close()
      const later = await reopen()
      expect(await later.append(eventsUpTo(15), {bulk: true})).toEqual({appended: 5, duplicates: 10})
      expect(await idsOf(later.read(everything))).toEqual(ids(eventsUpTo(15)))
    })

    it('knows the ids that another open handle appended', async () => {
      const {store, reopen} = await subject.open()
      const other = await reopen()
      await store.append([event('a')])
      await other.append([event('b')])
      expect(await store.append([event('a'), event('b'), event('c')])).toEqual({appended: 1, duplicates: 2})
      expect(await idsOf(other.read(everything))).toEqual(['a', 'b', 'c'])
    })
  })
}
