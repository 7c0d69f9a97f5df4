import {describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {event, eventsUpTo, idsOf} from './events.ts'
import {follower} from './follower.ts'
import type {Subject} from './subject.ts'

const closed = expect.objectContaining({name: 'ClawError', code: 'STORE_CLOSED'})

export function closeContract(subject: Subject): void {
  describe('close', () => {
    it('makes every later call fail with STORE_CLOSED', async () => {
      const {store} = await subject.open()
      await store.append([event('a')])
      await store.close()
      const {signal} = new AbortController()
      const calls: Array<() => Promise<unknown>> = [
        () => store.append([event('b')]),
        () => store.append([]),
        () => idsOf(store.read(everything)),
        () => idsOf(store.follow(everything, {signal})),
        () => store.count(everything),
        () => store.count(everything, 'type'),
        () => store.head(),
        () => store.describe(),
      ]
      for (const call of calls) await expect(call()).rejects.toEqual(closed)
    })

    it('may be called twice, also at the same time', async () => {
      const {store} = await subject.open()
      await store.append([event('a')])
      await Promise.all([store.close(), store.close()])
      await store.close()
    })

    it('ends followers without an error', async () => {
      const {store} = await subject.open()
      const tails = [follower(store, everything), follower(store, {types: ['tool.*']}, '')]
      await Promise.all(tails.map(({live}) => live))
      await store.append([event('a')])
      await tails[0]!.has('a')
      await store.close()
      await Promise.all(tails.map(({ended}) => ended))
    })

    it('tells a reader in the middle of its log that the store was closed', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(3000))
      const reading = store.read(everything)[Symbol.asyncIterator]()
      await reading.next()
      await store.close()
      const rest = async () => {
        for (let step = await reading.next(); !step.done; step = await reading.next());
      }
      await expect(rest()).rejects.toEqual(closed)
    })

    it('waits for appends that were already called', async () => {
      const {store} = await subject.open()
      const appending = [store.append(eventsUpTo(50)), store.append([event('last')])]
      await store.close()
      expect(await Promise.all(appending)).toEqual([
        {appended: 50, duplicates: 0},
        {appended: 1, duplicates: 0},
      ])
    })
  })
}
