import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import {arbEvent, arbFilter} from '../../filter/arbitraries.ts'
import {naiveMatches} from '../../filter/oracle.ts'
import {event, ids, idsOf} from './events.ts'
import type {Subject} from './subject.ts'

const seed = 20_261_120
const runs = 150

export function filterContract(subject: Subject): void {
  describe('filter', () => {
    // One log with many events and then many filters: opening a log per run would test the opening.
    it('pushed down equals filtering afterwards, for random events and filters', async () => {
      const {store} = await subject.open()
      const events = distinct(fc.sample(arbEvent, {seed, numRuns: 300}))
      await store.append(events)
      const arbLimit = fc.nat({max: 20})
      await fc.assert(
        fc.asyncProperty(arbFilter, arbLimit, async (filter, limit) => {
          const wanted = ids(events.filter((one) => naiveMatches(filter, one)))
          expect(await idsOf(store.read(filter))).toEqual(wanted)
          expect(await idsOf(store.read(filter, {order: 'desc', limit}))).toEqual(newest(wanted, limit))
          expect(await store.count(filter)).toEqual({count: wanted.length, groups: []})
        }),
        {seed, numRuns: runs},
      )
    })

    it('a type glob crosses dots and takes nothing but the star as special', async () => {
      const {store} = await subject.open()
      const types = [
        'tool.called',
        'tool.guard.blocked',
        'toolkit.used',
        'tool',
        'Tool.called',
        'a[b].c',
        'ab.c',
        'a?b',
        'a.b',
      ]
      await store.append(types.map((type) => event(type, {type})))
      const read = (...globs: string[]) => idsOf(store.read({types: globs}))
      expect(await read('tool.*')).toEqual(['tool.called', 'tool.guard.blocked'])
      expect(await read('*.blocked')).toEqual(['tool.guard.blocked'])
      expect(await read('t*l*d')).toEqual(['tool.called', 'tool.guard.blocked', 'toolkit.used'])
      expect(await read('*')).toEqual(types)
      expect(await read('a[b].*')).toEqual(['a[b].c'])
      expect(await read('a?b')).toEqual(['a?b'])
      expect(await read('tool', 'a.*', 'tool.*')).toEqual(['tool.called', 'tool.guard.blocked', 'tool', 'a.b'])
      expect(await read('nothing.*')).toEqual([])
    })

    it('a session is found by its key and by its id, each event once', async () => {
      const {store} = await subject.open()
      await store.append([
        event('key', {sessionKey: 's', sessionId: 'other'}),
        event('id', {sessionKey: 'other', sessionId: 's'}),
        event('both', {sessionKey: 's', sessionId: 's'}),
        event('none', {sessionKey: undefined}),
      ])
      expect(await idsOf(store.read({sessions: ['s']}))).toEqual(['key', 'id', 'both'])
      expect(await idsOf(store.read({sessions: ['s', 'other']}, {order: 'desc'}))).toEqual(['both', 'id', 'key'])
    })

    it('since is inclusive, until exclusive, and an event without a time is in no range', async () => {
      const {store} = await subject.open()
      const at = (ms: number) => new Date(1_763_000_000_000 + ms).toISOString()
      await store.append([
        event('before', {timestamp: at(-1)}),
        event('late', {timestamp: at(10)}),
        event('start', {timestamp: at(0)}),
        event('inside', {timestamp: at(9)}),
        event('never', {timestamp: 'not a time'}),
      ])
      const since = 1_763_000_000_000
      expect(await idsOf(store.read({since, until: since + 10}))).toEqual(['start', 'inside'])
      expect(await idsOf(store.read({since}))).toEqual(['late', 'start', 'inside'])
      expect(await idsOf(store.read({until: since}))).toEqual(['before'])
      expect(await idsOf(store.read({since: since + 10, until: since}))).toEqual([])
    })

    it('finds words and phrases anywhere in the data, also in what was appended a moment ago', async () => {
      const {store} = await subject.open()
      await store.append([
        event('a', {data: {text: 'deploy the blue service on Friday'}}),
        event('b', {data: {nested: [{note: 'the service is BLUE'}]}}),
        event('c', {data: {text: 'nothing to see'}}),
      ])
      expect(await idsOf(store.read({text: 'blue service'}))).toEqual(['a', 'b'])
      expect(await idsOf(store.read({text: '"blue service"'}))).toEqual(['a'])
      await store.append([event('d', {data: {content: 'a Blue Service again'}})])
      expect(await idsOf(store.read({text: 'blue service'}, {order: 'desc'}))).toEqual(['d', 'b', 'a'])
      expect(await idsOf(store.read({text: 'blue AND NOT "service'}))).toEqual([])
    })

    it('applies a CEL expression with the other conditions', async () => {
      const {store} = await subject.open()
      const slow = (index: number) => ({type: 'tool.completed', data: {toolName: 'exec', durationMs: index * 100}})
      await store.append(Array.from({length: 12}, (_, index) => event(`e-${index}`, slow(index))))
      const filter = {types: ['tool.*'], where: 'data.durationMs > 500'}
      expect(await idsOf(store.read(filter))).toEqual(['e-6', 'e-7', 'e-8', 'e-9', 'e-10', 'e-11'])
      expect(await idsOf(store.read(filter, {order: 'desc', limit: 2}))).toEqual(['e-11', 'e-10'])
      expect(await store.count(filter)).toMatchObject({count: 6})
    })
  })
}

function distinct(events: readonly ClawEvent[]): ClawEvent[] {
  return [...new Map(events.map((one) => [one.eventId, one])).values()]
}

function newest(wanted: readonly string[], limit: number): string[] {
  return wanted.toReversed().slice(0, limit === 0 ? undefined : limit)
}
