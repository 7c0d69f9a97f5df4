import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import {timeOf} from '../../../src/lib/event/timestamp.ts'
import {everything} from '../../../src/lib/filter/filter.ts'
import type {Grouping, Tally} from '../../../src/lib/store/port.ts'
import {groupings} from '../../../src/lib/store/port.ts'
import {arbEvent, arbFilter} from '../../filter/arbitraries.ts'
import {naiveMatches} from '../../filter/oracle.ts'
import {event} from './events.ts'
import type {Subject} from './subject.ts'

const seed = 20_261_121

export function countContract(subject: Subject): void {
  describe('count', () => {
    it('counts nothing in an empty log', async () => {
      const {store} = await subject.open()
      for (const by of groupings) expect(await store.count(everything, by)).toEqual({count: 0, groups: []})
    })

    it('groups by type, agent, session, tool and hour: most frequent first, hours in time order', async () => {
      const {store} = await subject.open()
      const tool = (toolName: string) => ({type: 'tool.called', data: {toolName}})
      await store.append([
        event('a', {...tool('exec'), timestamp: '2026-11-20T22:59:59.999Z'}),
        event('b', {...tool('read'), timestamp: '2026-11-20T21:30:00.000Z', agentId: 'helper'}),
        event('c', {...tool('exec'), timestamp: 'never', sessionKey: undefined, sessionId: 'session-9'}),
        event('d', {timestamp: '2026-11-20T22:00:00.000Z', sessionKey: undefined}),
      ])
      const by = async (grouping: Grouping) =>
        (await store.count(everything, grouping)).groups.map(({key, count}) => [key, count])
      expect(await by('type')).toEqual([
        ['tool.called', 3],
        ['message.received', 1],
      ])
      expect(await by('agent')).toEqual([
        ['main', 3],
        ['helper', 1],
      ])
      // An event belongs to its session key; only without one to its session id.
      expect(await by('session')).toEqual([
        ['agent:main:main', 2],
        ['session-9', 1],
      ])
      expect(await by('tool')).toEqual([
        ['exec', 2],
        ['read', 1],
      ])
      expect(await by('hour')).toEqual([
        ['2026-11-20T21:00:00.000Z', 1],
        ['2026-11-20T22:00:00.000Z', 2],
      ])
      expect((await store.count(everything, 'hour')).count).toBe(4)
    })

    it('equals counting afterwards, for random events and filters', async () => {
      const {store} = await subject.open()
      const sample = fc.sample(arbEvent, {seed, numRuns: 200})
      const events = [...new Map(sample.map((one) => [one.eventId, one])).values()]
      await store.append(events)
      await fc.assert(
        fc.asyncProperty(arbFilter, fc.constantFrom(...groupings), async (filter, by) => {
          const wanted = events.filter((one) => naiveMatches(filter, one))
          expect(await store.count(filter, by)).toEqual(tally(wanted, by))
        }),
        {seed, numRuns: 150},
      )
    })
  })
}

function tally(events: readonly ClawEvent[], by: Grouping): Tally {
  const counts = new Map<string, number>()
  for (const one of events) {
    const key = keyOf(one, by)
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const byKey = [...counts].map(([key, count]) => ({key, count})).sort((a, b) => (a.key < b.key ? -1 : 1))
  return {count: events.length, groups: by === 'hour' ? byKey : byKey.sort((a, b) => b.count - a.count)}
}

function keyOf(one: ClawEvent, by: Grouping): string | undefined {
  if (by === 'type') return one.type
  if (by === 'agent') return one.agentId
  if (by === 'session') return one.sessionKey ?? one.sessionId
  if (by === 'tool') return typeof one.data['toolName'] === 'string' ? one.data['toolName'] : undefined
  const time = timeOf(one)
  return Number.isNaN(time) ? undefined : `${new Date(time).toISOString().slice(0, 13)}:00:00.000Z`
}
