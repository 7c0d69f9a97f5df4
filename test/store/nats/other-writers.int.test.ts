import {readFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {normalize} from '../../../src/lib/event/normalize.ts'
import {compileFilter} from '../../../src/lib/filter/compile.ts'
import {everything, type Filter} from '../../../src/lib/filter/filter.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import {type EventStore, groupings} from '../../../src/lib/store/port.ts'
import {tallyOf} from '../../../src/lib/store/tally.ts'
import {allOf, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {follower} from '../../contracts/event-store/follower.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {bareClient, newLog} from './a-log.ts'

const fixtures = path.join(import.meta.dirname, '..', '..', 'fixtures', 'dialects')

function linesOf(file: string): Array<Record<string, unknown>> {
  const text = readFileSync(path.join(fixtures, `${file}.ndjson`), 'utf8')
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))
}

/** As other tools name the subject of an event: the type in one token, nothing escaped. */
function theirSubject(prefix: string, line: Record<string, unknown>): string {
  const type = String(line['type'] ?? line['stream'] ?? 'event').replaceAll('.', '_')
  return `${prefix}.${String(line['agent'] ?? 'main')}.${type}`
}

const filters: Filter[] = [
  {types: ['tool.*']},
  {types: ['tool.called']},
  {types: ['*.error']},
  {types: ['conversation.*']},
  {agents: ['main']},
  {agents: ['main'], types: ['tool.*', 'lifecycle.start']},
  {agents: ['nobody']},
  {types: ['agent.reasoning']},
  {agents: ['my.agent']},
  {agents: ['my.agent'], types: ['tool.called']},
  {agents: ['acme.agent']},
  {types: ['weird']},
  {types: ['end']},
]

/** An agent's dots that were not escaped, before types that end another one's or that nobody knows. */
const dotted = [
  ['my.agent', 'weird'],
  ['my.agent', 'tool.called'],
  ['acme.agent', 'end'],
] as const

describe.each(natsBinaries)('a stream that others write to, on nats-server %s', (binary) => {
  let server: NatsServer
  let store: EventStore
  let prefix: string
  const lines = ['event-store', 'event-store-simple', 'openclaw', 'agent-event', 'event-server'].flatMap(linesOf)
  const own = eventsUpTo(60, (index) => ({
    agentId: index % 3 ? 'main' : 'helper',
    type: ['tool.called', 'tool.guard.blocked', 'message.sent', 'conversation.message.out'][index % 4]!,
  }))

  beforeAll(async () => {
    server = await startNats({binary})
    const options = await newLog(server.url)
    prefix = options.prefix
    store = await openNatsStore(options)
    const {jsm, close} = await bareClient(server.url)
    const js = jsm.jetstream()
    for (const [index, line] of lines.entries()) {
      await js.publish(theirSubject(prefix, line), JSON.stringify(line))
      if (index < own.length) await store.append([own[index]!])
    }
    // The same tools with dots in their subjects, an agent with a dot, and what is no event.
    await js.publish(`${prefix}.main.conversation.tool_call`, JSON.stringify(linesOf('event-store')[0]))
    await js.publish(
      `${prefix}.a.b.tool_call`,
      JSON.stringify({id: 'z', ts: 1, agent: 'a.b', session: 's', type: 'tool_call', payload: {}}),
    )
    for (const [agent, type] of dotted) {
      const line = {id: 'd', ts: 2, agent, session: 's', type, payload: {}}
      await js.publish(`${prefix}.${agent}.${type}`, JSON.stringify(line))
    }
    await js.publish(`${prefix}.noise`, 'not JSON')
    await js.publish(`${prefix}.main.tool.called`, '42')
    await close()
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
  })

  it('gives their events as ours and passes over what is no event', async () => {
    const all = await allOf(store.read(everything))
    const expected = lines.length + 2 + dotted.length + Math.min(own.length, lines.length)
    expect(all).toHaveLength(expected)
    expect((await store.describe()).events).toBe(expected + 2)
    const foreign = all.filter(({eventId}) => !eventId.startsWith('e-'))
    const wanted = lines.map((line) => normalize(line, {receivedAt: 0}).eventId)
    expect(ids(foreign).slice(0, -2 - dotted.length)).toEqual(wanted)
  })

  it.each(filters)('finds with %o what reading everything and filtering finds', async (filter) => {
    const matches = await compileFilter(filter)
    const wanted = (await allOf(store.read(everything))).filter(matches)
    expect(await allOf(store.read(filter))).toEqual(wanted)
    expect(await allOf(store.read(filter, {order: 'desc'}))).toEqual(wanted.toReversed())
    expect((await store.count(filter)).count).toBe(wanted.length)
    const {signal} = new AbortController()
    const followed = await takeOf(store.follow(filter, {from: '', signal}), wanted.length)
    expect(followed).toEqual(wanted)
  })

  it('tells of each message that is no event, once, whichever way it is read', async () => {
    for (const order of ['asc', 'desc'] as const) {
      const skipped: string[] = []
      await allOf(store.read(everything, {order, onSkipped: (position) => skipped.push(position)}))
      expect(skipped.toSorted()).toHaveLength(2)
      expect(new Set(skipped).size).toBe(2)
    }
    const followed: string[] = []
    const {events} = await store.describe()
    const {signal} = new AbortController()
    const following = store.follow(everything, {from: '', signal, onSkipped: (position) => followed.push(position)})
    // Both stand before the last event.
    await store.append([{...own[0]!, eventId: `after-${binary}`}])
    await takeOf(following, events - 2 + 1)
    expect(followed).toHaveLength(2)
  })

  it.each(groupings)('counts by %s what reading everything and counting gives', async (by) => {
    const {count, groups} = await tallyOf(store.read(everything), by)
    expect(await store.count(everything, by)).toEqual({count, groups})
    for (const filter of filters) {
      expect(await store.count(filter, by)).toEqual(await tallyOf(store.read(filter), by))
    }
  })

  it('counts types that we do not know', async () => {
    const options = await newLog(server.url)
    const fresh = await openNatsStore(options)
    await fresh.append(
      eventsUpTo(30, (index) => ({agentId: 'main', type: index % 3 ? 'deploy.finished' : 'note.added'})),
    )
    expect(await fresh.count(everything, 'type')).toEqual({
      count: 30,
      groups: [
        {key: 'deploy.finished', count: 20},
        {key: 'note.added', count: 10},
      ],
    })
    await fresh.close()
  })

  it('follows tool events of a tool that begins to write later, under the names it uses', async () => {
    const options = await newLog(server.url)
    const fresh = await openNatsStore(options)
    await fresh.append(own)
    const tail = follower(fresh, {types: ['tool.*']})
    await tail.live
    const {jsm, close} = await bareClient(server.url)
    const call = {
      id: 'late',
      ts: 1_790_000_000_000,
      agent: 'main',
      session: 's',
      type: 'tool_call',
      payload: {toolName: 'exec'},
    }
    await jsm.jetstream().publish(`${options.prefix}.main.tool_call`, JSON.stringify(call))
    await close()
    await tail.has(normalize(call).eventId)
    expect(tail.seen[0]).toMatchObject({type: 'tool.called', eventName: 'tool_call', agentId: 'main'})
    await tail.stop()
    await fresh.close()
  })

  it('is read around what was deleted and purged', async () => {
    const options = await newLog(server.url)
    const fresh = await openNatsStore(options)
    await fresh.append(eventsUpTo(500, (index) => ({agentId: `agent-${index % 2}`})))
    const {jsm, close} = await bareClient(server.url)
    await jsm.streams.purge(options.stream, {seq: 101})
    for (let seq = 200; seq < 270; seq++) await jsm.streams.deleteMessage(options.stream, seq)
    await close()
    const left = ids(eventsUpTo(500)).filter((_, index) => index >= 100 && !(index >= 199 && index < 269))
    expect(await idsOf(fresh.read(everything))).toEqual(left)
    expect(await idsOf(fresh.read(everything, {order: 'desc'}))).toEqual(left.toReversed())
    expect(await idsOf(fresh.read({agents: ['agent-1']}))).toEqual(left.filter((id) => Number(id.slice(2)) % 2 === 1))
    expect((await fresh.count(everything)).count).toBe(left.length)
    await fresh.close()
  })

  it('is read by a second reader with the same options as by the first', async () => {
    const filter = {types: ['tool.*'], agents: ['main', 'helper']}
    const first = await idsOf(store.read(filter))
    expect(first.length).toBeGreaterThan(0)
    expect(await idsOf(store.read(filter))).toEqual(first)
  })
})

async function takeOf<T>(events: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  if (count === 0) return taken
  for await (const one of events) if (taken.push(one) === count) break
  return taken
}
