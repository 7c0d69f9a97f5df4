import {describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {allOf, event, eventsUpTo, ids, take} from './events.ts'
import {follower} from './follower.ts'
import {appendInAnotherProcess} from './other-process.ts'
import type {Subject} from './subject.ts'

export function followContract(subject: Subject): void {
  describe('follow', () => {
    it('yields what is appended from now on, and not what was there', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(5))
      const tail = follower(store, everything)
      await tail.live
      await store.append([event('a')])
      await store.append([event('b'), event('c')])
      await tail.has('c')
      expect(ids(tail.seen)).toEqual(['a', 'b', 'c'])
      await tail.stop()
    })

    it('yields the backlog after a position and then what comes, without a gap or a repetition', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(1500))
      const [, , third] = await take(store.read(everything), 3)
      const tail = follower(store, everything, third!.position)
      for (let round = 0; round < 20; round++) await store.append([event(`r-${round}`), event(`s-${round}`)])
      await store.append([event('end')])
      await tail.has('end')
      const rounds = Array.from({length: 20}, (_, round) => [`r-${round}`, `s-${round}`]).flat()
      expect(ids(tail.seen)).toEqual([...ids(eventsUpTo(1500).slice(3)), ...rounds, 'end'])
      await tail.stop()
    })

    it('starts before everything with the empty position, also when the log is still empty', async () => {
      const {store} = await subject.open()
      const early = follower(store, everything, '')
      await early.live
      await store.append([event('a')])
      await early.has('a')
      const late = follower(store, everything, '')
      await store.append([event('b')])
      await Promise.all([early.has('b'), late.has('b')])
      expect(ids(early.seen)).toEqual(['a', 'b'])
      expect(ids(late.seen)).toEqual(['a', 'b'])
      await Promise.all([early.stop(), late.stop()])
    })

    it('yields the same events that read does, as stored', async () => {
      const {store} = await subject.open()
      const tail = follower(store, everything)
      await tail.live
      await store.append(eventsUpTo(20))
      await tail.has('e-19')
      expect(tail.seen).toEqual(await allOf(store.read(everything)))
      await tail.stop()
    })

    it('filters the backlog and what comes', async () => {
      const {store} = await subject.open()
      const half = (index: number) => ({type: index % 2 ? 'tool.called' : 'message.sent', data: {n: index}})
      const events = eventsUpTo(20, half)
      await store.append(events.slice(0, 10))
      const tail = follower(store, {types: ['tool.*'], where: 'data.n > 4'}, '')
      await tail.has('e-9')
      await store.append(events.slice(10))
      await tail.has('e-19')
      expect(ids(tail.seen)).toEqual(['e-5', 'e-7', 'e-9', 'e-11', 'e-13', 'e-15', 'e-17', 'e-19'])
      await tail.stop()
    })

    it('serves followers with different filters and speeds, each with every event once', async () => {
      const {store} = await subject.open()
      const odd = (index: number) => ({agentId: index % 2 ? 'odd' : 'even'})
      const tails = [follower(store, everything), follower(store, {agents: ['odd']}), follower(store, everything)]
      await Promise.all(tails.map(({live}) => live))
      const events = eventsUpTo(200, odd)
      for (let at = 0; at < 200; at += 10) await store.append(events.slice(at, at + 10))
      await Promise.all(tails.map((tail) => tail.has('e-199')))
      expect(ids(tails[0]!.seen)).toEqual(ids(events))
      expect(ids(tails[1]!.seen)).toEqual(ids(events.filter(({agentId}) => agentId === 'odd')))
      expect(ids(tails[2]!.seen)).toEqual(ids(events))
      await Promise.all(tails.map((tail) => tail.stop()))
    })

    it('ends without an error when its signal aborts, waiting or in the middle of the backlog', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(1200))
      const waiting = follower(store, everything)
      await waiting.live
      await waiting.stop()
      expect(waiting.seen).toEqual([])

      const stop = new AbortController()
      const seen: string[] = []
      for await (const {eventId} of store.follow(everything, {from: '', signal: stop.signal})) {
        seen.push(eventId)
        if (seen.length === 5) stop.abort()
      }
      expect(seen).toEqual(['e-0', 'e-1', 'e-2', 'e-3', 'e-4'])

      const aborted = store.follow(everything, {from: '', signal: AbortSignal.abort()})
      expect(await allOf(aborted)).toEqual([])
    })

    it('ends when its reader stops, and leaves the store as it was', async () => {
      const {store} = await subject.open()
      await store.append(eventsUpTo(10))
      const {signal} = new AbortController()
      expect(ids(await take(store.follow(everything, {from: '', signal}), 3))).toEqual(['e-0', 'e-1', 'e-2'])
      expect(await store.append([event('after')])).toEqual({appended: 1, duplicates: 0})
    })

    if (!subject.traits.persistent) return

    it('hears another handle', async () => {
      const {store, reopen} = await subject.open()
      const other = await reopen()
      const tail = follower(store, everything)
      await tail.live
      for (const one of eventsUpTo(10)) await other.append([one])
      await tail.has('e-9')
      expect(ids(tail.seen)).toEqual(ids(eventsUpTo(10)))
      await tail.stop()
    })

    it('hears a writer in another process, and its own, each event once and in log order', async () => {
      const {store, opener} = await subject.open()
      const tail = follower(store, everything)
      await tail.live
      const theirs = Array.from({length: 300}, (_, index) => event(`theirs-${index}`))
      const ours = Array.from({length: 100}, (_, index) => event(`ours-${index}`))
      const elsewhere = appendInAnotherProcess(opener, theirs)
      for (const one of ours) await store.append([one])
      await elsewhere
      await store.append([event('end')])
      await tail.has('end')
      const stored = await allOf(store.read(everything))
      expect(stored).toHaveLength(401)
      expect(tail.seen).toEqual(stored)
      await tail.stop()
    })
  })
}
