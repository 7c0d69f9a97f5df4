import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {beforeAll, describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import {compileFilter} from '../../../src/lib/filter/compile.ts'
import type {Filter} from '../../../src/lib/filter/filter.ts'
import type {EventStore} from '../../../src/lib/store/port.ts'
import {groupings} from '../../../src/lib/store/port.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {groupKeyOf, tallyOf} from '../../../src/lib/store/tally.ts'
import {allOf, event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {arbEvent, arbFilter} from '../../filter/arbitraries.ts'
import {logWith, openStore, query, tamper, tempPath} from './temp-log.ts'

const seed = 20_261_122

// Long enough that reads choose an index: a short log is simply read through.
describe('searching an embedded log of some thousand events', () => {
  let path: string
  const sample = fc.sample(arbEvent, {seed, numRuns: 2000})
  const events = [...new Map(sample.map((one) => [one.eventId, one])).values()]

  async function withLog(work: (store: EventStore) => Promise<void>): Promise<void> {
    const store = await openSqliteStore(path)
    try {
      await work(store)
    } finally {
      await store.close()
    }
  }

  async function matching(filter: Filter): Promise<ClawEvent[]> {
    // The filter's own tests hold this function equal to an oracle that is far too slow for so many events.
    return events.filter(await compileFilter(filter))
  }

  // One log for all tests here: `logWith` removes its log after each.
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'claw-events-sqlite-'))
    path = join(folder, 'events.db')
    await withLog(async (store) => {
      await store.append(events)
    })
    return () => rmSync(folder, {recursive: true})
  })

  it('by index finds what reading every event finds, in both orders, with any range and limit', async () => {
    const arbRange = fc.record({
      low: fc.nat({max: events.length}),
      high: fc.nat({max: events.length}),
      limit: fc.constantFrom(0, 0, 1, 7, 60, 700),
    })
    await withLog(async (store) => {
      const positions = (await allOf(store.read({}))).map(({position}) => position)
      await fc.assert(
        fc.asyncProperty(arbFilter, arbRange, async (filter, {low, high, limit}) => {
          const wanted = ids(await matching(filter))
          expect(await idsOf(store.read(filter))).toEqual(wanted)
          expect(await idsOf(store.read(filter, {order: 'desc'}))).toEqual(wanted.toReversed())
          const inRange = new Set(ids(events.slice(low, high)))
          const part = wanted.filter((id) => inRange.has(id))
          const range = {from: positions[low - 1] ?? '', to: positions[high - 1] ?? '0'.repeat(16), limit}
          const first = limit || part.length
          expect(await idsOf(store.read(filter, range))).toEqual(part.slice(0, first))
          expect(await idsOf(store.read(filter, {...range, order: 'desc'}))).toEqual(part.toReversed().slice(0, first))
        }),
        {seed, numRuns: 100},
      )
    })
  })

  it('counts in SQL what counting every event gives', async () => {
    await withLog(async (store) => {
      const arbBy = fc.option(fc.constantFrom(...groupings), {nil: undefined})
      await fc.assert(
        fc.asyncProperty(arbFilter, arbBy, async (filter, by) => {
          const wanted = await matching(filter)
          expect(await store.count(filter, by)).toEqual(await tallyOf(each(wanted), by))
        }),
        {seed, numRuns: 200},
      )
      for (const by of groupings) {
        const keys = new Set(events.map((one) => groupKeyOf(one, by)).filter((key) => key !== undefined))
        const {count, groups} = await store.count({}, by)
        expect(count).toBe(events.length)
        expect(groups.map(({key}) => key).sort()).toEqual([...keys].sort())
      }
    })
  })

  it('finds values that UTF-8 cannot hold, and tells them apart', async () => {
    const odd = ['\ud800', '\udfff', '\ufffd', 'x\ud800'].map((name, index) =>
      event(`odd-${index}`, {agentId: name, type: name, sessionId: name, runId: name, data: {toolName: name}}),
    )
    const store = await openStore(await logWith([...eventsUpTo(800), ...odd]))
    for (const [index, {agentId: name}] of odd.entries()) {
      const only = [`odd-${index}`]
      for (const filter of [{agents: [name]}, {types: [name]}, {sessions: [name]}, {runs: [name]}, {tools: [name]}]) {
        expect(await idsOf(store.read(filter))).toEqual(only)
        expect(await store.count(filter)).toMatchObject({count: 1})
      }
      expect((await store.count({}, 'type')).groups).toContainEqual({key: name, count: 1})
    }
    expect(await idsOf(store.read({types: ['*\ud800']}))).toEqual(['odd-0', 'odd-3'])
  })
})

describe('the text index', () => {
  const words = (index: number) => ({data: {text: index % 2 ? 'alpha beta' : 'beta gamma'}})

  it('is brought up to date by whoever searches, and shared by all', async () => {
    const path = tempPath()
    const one = await openStore(path)
    const other = await openStore(path)
    await one.append(eventsUpTo(1000, words))
    expect(await one.count({text: 'alpha'})).toEqual({count: 500, groups: []})
    await other.append([event('new', {data: {text: 'alpha'}})])
    const [both] = await Promise.all([one.count({text: 'alpha'}), other.count({text: 'alpha'})])
    expect(both).toEqual({count: 501, groups: []})
    expect(query(path, 'SELECT last_seq FROM words_state')).toMatchObject([{last_seq: 1001}])
  })

  it('finds a word of any length', async () => {
    const long = 'x'.repeat(40_000)
    const store = await openStore(
      await logWith([...eventsUpTo(600), event('long', {data: {text: `${long}y and more`}})]),
    )
    expect(await idsOf(store.read({text: `${long}y`}))).toEqual(['long'])
    expect(await idsOf(store.read({text: `${long}z`}))).toEqual([])
    expect(await store.count({text: `${long}z`})).toEqual({count: 0, groups: []})
  })

  it('passes over an event that somebody damaged', async () => {
    const path = await logWith(eventsUpTo(1000, words))
    tamper(path, "UPDATE events SET body = 'no json' WHERE seq = 3")
    const store = await openStore(path)
    expect(await store.count({text: 'gamma'})).toEqual({count: 499, groups: []})
    await expect(allOf(store.read({}))).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringContaining('event 0000000000000003'),
    })
  })
})

async function* each(events: readonly ClawEvent[]): AsyncGenerator<ClawEvent> {
  yield* events
}
