import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it, onTestFinished, vi} from 'vitest'
import type {Filter} from '../../../src/lib/filter/filter.ts'
import type {EventStore} from '../../../src/lib/store/port.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {allOf, eventsUpTo} from '../../contracts/event-store/events.ts'

// Long enough that each of these calls takes a multiple of what the event loop may stand still.
describe('a call on a long log', () => {
  let folder: string
  let store: EventStore

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'claw-events-sqlite-'))
    store = await openSqliteStore(join(folder, 'events.db'))
    const fields = (index: number) => ({
      agentId: `agent-${index % 3}`,
      type: index % 2 ? 'tool.called' : 'message.sent',
      data: {toolName: index % 2 ? 'exec' : 'read', text: `event ${index} of many`},
    })
    for (let round = 0; round < 20; round++) {
      const events = eventsUpTo(1000, (index) => fields(index + (round % 2)))
      await store.append(events.map((one) => ({...one, eventId: `${round}-${one.eventId}`})))
    }
  })
  afterAll(async () => {
    await store.close()
    rmSync(folder, {recursive: true})
  })

  const nothing: Filter = {where: "data.text == 'x'"}
  const calls: Array<[string, (signal: AbortSignal) => Promise<unknown>]> = [
    ['a read that finds nothing', (signal) => allOf(store.read(nothing, {signal}))],
    ['a read downwards', (signal) => allOf(store.read(nothing, {order: 'desc', signal}))],
    [
      'a read of what two indexes never have in common',
      (signal) => allOf(store.read({types: ['tool.called'], tools: ['read']}, {signal})),
    ],
    ['a count that looks at every event', (signal) => store.count(nothing, undefined, {signal})],
    ['a count in SQL', (signal) => store.count({}, 'session', {signal})],
    ['a count in SQL by an index', (signal) => store.count({agents: ['agent-1']}, 'type', {signal})],
    ['a count of a time', (signal) => store.count({since: 0}, 'hour', {signal})],
    ['bringing the text index up to date', (signal) => allOf(store.read({text: 'many'}, {signal}))],
    ['a count by the text index', (signal) => store.count({text: 'many'}, 'agent', {signal})],
  ]

  it.each(calls)('%s leaves others their turn, and ends when it is told to', async (_, call) => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    // However quick the machine is: each look at the clock takes some milliseconds, so that every turn ends.
    let time = performance.now()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (time += 5))
    onTestFinished(() => clock.mockRestore())
    // Comes about only if the call lets go of the event loop before it is done.
    setImmediate(() => stop.abort(reason))
    await expect(call(stop.signal)).rejects.toBe(reason)
  })

  it('that is not told to end comes to its end', async () => {
    const {signal} = new AbortController()
    expect(await store.count({text: 'many'}, 'agent', {signal})).toMatchObject({count: 20_000})
    expect(await store.count({types: ['tool.*']}, undefined, {signal})).toEqual({count: 10_000, groups: []})
    expect(await allOf(store.read({text: 'many', tools: ['exec']}, {signal}))).toHaveLength(10_000)
  })
})
