import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {createMemoryIndex} from '../../src/lib/context/memory-index.ts'
import {type ContextRequest, type SelectedContext, selectContext} from '../../src/lib/context/select.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import type {ContextIndex, ContextView} from '../../src/lib/store/context-index.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteAdmin} from '../../src/lib/store/sqlite/admin.ts'
import {openSqliteContextIndex} from '../../src/lib/store/sqlite/context-index.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {day, hour, idsIn, noon, note, read, replied, said, toolCall, tools} from './events.ts'

let folder = ''
let files = 0

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'context-index-'))
})
afterAll(() => rm(folder, {recursive: true}))

interface Opened {
  store: EventStore
  index: ContextIndex
  file: string
}

async function inMemory(): Promise<Opened> {
  const store = openMemoryStore()
  return {store, index: createMemoryIndex(store, read), file: ''}
}

async function inSqlite(): Promise<Opened> {
  const file = path.join(folder, `log-${++files}.db`)
  const store = await openSqliteStore(file)
  return {store, index: await openSqliteContextIndex(file, read), file}
}

async function close({store, index}: Opened): Promise<void> {
  await index.close()
  await store.close()
}

function select(index: ContextIndex, request: Partial<ContextRequest> = {}, agentId = 'main'): SelectedContext {
  return index.read(agentId, (view) => selectContext(view, {atMs: noon, budget: 1000, ...request}, tools))
}

describe.each([
  ['memory', inMemory],
  ['sqlite', inSqlite],
])('a context index: %s', (_name, open) => {
  it('has nothing before it has caught up, and everything after', async () => {
    const opened = await open()
    await opened.store.append([said('the bread is ready', {id: 'a'})])
    await opened.index.catchUp()
    expect(idsIn(select(opened.index, {prompt: 'bread'}))).toEqual(['a'])
    await opened.store.append([said('the bread is gone', {id: 'b', ago: hour})])
    await opened.index.catchUp()
    expect(idsIn(select(opened.index, {prompt: 'bread'})).toSorted()).toEqual(['a', 'b'])
    await close(opened)
  })

  it('knows nothing of an agent without events', async () => {
    const opened = await open()
    await opened.index.catchUp()
    expect(select(opened.index, {prompt: 'bread'}, 'nobody')).toMatchObject({text: '', items: []})
    await close(opened)
  })

  it('tells how often and where each term occurs, over many blocks of postings', async () => {
    const opened = await open()
    const events = Array.from({length: 3000}, (_, i) =>
      said(`${'bread '.repeat(1 + (i % 3))} loaf${i % 7}`, {id: `e${i}`, ago: (i + 1) * 1000}),
    )
    for (let from = 0; from < events.length; from += 500) {
      await opened.store.append(events.slice(from, from + 500))
      await opened.index.catchUp()
    }
    opened.index.read('main', (view) => {
      const term = tools.analyzer.term('bread')
      const {numbers, counts, words} = view.postings(term)!
      expect(view.frequency(term)).toBe(3000)
      expect([...numbers]).toEqual(Array.from({length: 3000}, (_, i) => i))
      expect([...counts].slice(0, 4)).toEqual([1, 2, 3, 1])
      expect([...words].slice(0, 4)).toEqual([2, 3, 4, 2])
      expect(view).toMatchObject({passages: 3000, words: 9000, numberLimit: 3000})
      expect(view.postings('nowhere')).toBeUndefined()
    })
    await close(opened)
  })

  it('shows what stands around a passage in its thread, by time and not by arrival', async () => {
    const opened = await open()
    await opened.store.append([
      said('third', {id: 'c', ago: 3000}),
      said('first', {id: 'a', ago: 5000}),
      said('elsewhere', {id: 'x', ago: 4000, sessionId: 's2'}),
      replied('second', {id: 'b', ago: 4000}),
      toolCall('tool.completed', 'ls', 'second and a half', {id: 't', ago: 3500}),
      said('fourth', {id: 'd', ago: 2000}),
    ])
    await opened.index.catchUp()
    opened.index.read('main', (view) => {
      const third = passageWith(view, 'c')
      const ids = (passages: ReadonlyArray<{eventId: string}>) => passages.map(({eventId}) => eventId)
      const {before, after} = view.around(third, 2)
      expect([ids(before), ids(after)]).toEqual([['b', 'a'], ['d']])
      expect(view.around(passageWith(view, 'x'), 2)).toEqual({before: [], after: []})
      expect(view.sessionStart('s2')).toBe(noon - 4000)
    })
    await close(opened)
  })

  it('counts and dates what is within a span of time', async () => {
    const opened = await open()
    await opened.store.append([1, 2, 3, 4].map((n) => said(`day ${n}`, {id: `e${n}`, ago: n * day})))
    await opened.index.catchUp()
    opened.index.read('main', (view) => {
      expect(view.span(0, noon)).toEqual({events: 4, firstMs: noon - 4 * day, lastMs: noon - day})
      expect(view.span(noon - 3 * day, noon - 2 * day)).toMatchObject({events: 2})
      expect(view.span(0, noon - 2 * day)).toEqual({events: 3, firstMs: noon - 4 * day, lastMs: noon - 2 * day})
      expect(view.span(noon, noon + day)).toBeUndefined()
      expect(view.span(0, noon - 5 * day)).toBeUndefined()
    })
    await close(opened)
  })
})

function passageWith(view: ContextView, eventId: string) {
  const all = {kinds: ['message', 'reply', 'tool'] as const, limit: 99, sinceMs: 0, untilMs: noon}
  return view.latest(all).find((passage) => passage.eventId === eventId)!
}

describe('the index in the embedded log', () => {
  const texts = [
    'the boiler is broken',
    'Anna fixed the boiler?',
    'tea for Anna',
    'train to Porto',
    'the boiler hums',
  ].flatMap((text) => [text, `${text} again, last week`])
  const anyEvent = fc
    .tuple(fc.constantFrom('said', 'replied', 'note', 'error', 'done'), fc.constantFrom(...texts), fc.nat(40 * 24))
    .map(([kind, text, hours]) => (id: string): ClawEvent => {
      const given = {id, ago: hours * hour, sessionId: `s${hours % 3}`}
      if (kind === 'note') return note(text, {id, ago: hours * hour, heading: text.slice(0, 5)})
      if (kind === 'error') return toolCall('tool.error', text, text, given)
      if (kind === 'done') return toolCall('tool.completed', text, text, given)
      return kind === 'said' ? said(text, {...given, data: {senderName: 'Anna'}}) : replied(text, given)
    })

  it('selects exactly what the index in memory selects, in whatever pieces and order events came', async () => {
    const logs = fc
      .array(anyEvent, {minLength: 1, maxLength: 30})
      .map((makers) => makers.map((make, i) => make(`e${i}`)))
    await fc.assert(
      fc.asyncProperty(logs, fc.constantFrom(...texts, undefined), async (events, prompt) => {
        const [reference, embedded] = [await inMemory(), await inSqlite()]
        await reference.store.append(events)
        await reference.index.catchUp()
        for (const event of events.toReversed()) {
          await embedded.store.append([event])
          await embedded.index.catchUp()
        }
        expect(select(embedded.index, {prompt})).toEqual(select(reference.index, {prompt}))
        await close(reference)
        await close(embedded)
      }),
      {numRuns: 25},
    )
  })

  it('is there again after a restart, without reading the log anew', async () => {
    const first = await inSqlite()
    await first.store.append([said('the bread is ready', {id: 'a'})])
    await first.index.catchUp()
    await first.index.close()
    let reads = 0
    const again = await openSqliteContextIndex(first.file, (event) => {
      reads++
      return read(event)
    })
    await again.catchUp()
    expect(reads).toBe(0)
    expect(idsIn(select(again, {prompt: 'bread'}))).toEqual(['a'])
    await again.close()
    await first.store.close()
  })

  it('has nothing left of what was pruned, and is what an index made anew would be', async () => {
    const opened = await inSqlite()
    const events = Array.from({length: 700}, (_, i) =>
      said(`bread ${i < 400 ? 'oldword' : 'newword'} ${i}`, {
        id: `e${i}`,
        ago: (800 - i) * hour,
        sessionId: `s${i % 9}`,
        data: {senderName: i < 400 ? 'Anna' : 'Bo'},
      }),
    )
    await opened.store.append([...events, said('only other', {id: 'o', agentId: 'other'})])
    await opened.index.catchUp()
    const admin = await openSqliteAdmin(opened.file)
    const {bytes} = await opened.store.describe()
    const {left} = await admin.prune({maxBytes: Math.floor((bytes * 300) / 701)})
    await opened.index.catchUp()
    const anew = await inSqlite()
    await anew.store.append([...events.slice(701 - left), said('only other', {id: 'o', agentId: 'other'})])
    await anew.index.catchUp()
    const request = {prompt: 'what did Bo say of newword bread 500', budget: 2000}
    expect(select(opened.index, request)).toEqual(select(anew.index, request))
    opened.index.read('main', (view) => {
      expect(view.speakers()).toEqual(['bo'])
      expect([view.frequency('oldword'), view.frequency('newword')]).toEqual([0, left - 1])
      expect(view.postings('newword')?.numbers.length).toBe(left - 1)
    })
    await close(opened)
    await close(anew)
    const db = new DatabaseSync(opened.file)
    expect(db.prepare(`SELECT count(*) AS n FROM context_terms WHERE term = 'oldword'`).get()).toEqual({n: 0})
    expect(db.prepare(`SELECT count(*) AS n FROM context_postings WHERE term = 'oldword'`).get()).toEqual({n: 0})
    db.close()
  })

  it('does not keep the name of an agent of whom nothing is left', async () => {
    const opened = await inSqlite()
    await opened.store.append([said('some bread', {id: 'a', agentId: 'gone'}), said('some bread', {id: 'b'})])
    await opened.index.catchUp()
    const admin = await openSqliteAdmin(opened.file)
    const {bytes} = await opened.store.describe()
    await admin.prune({maxBytes: bytes - 1})
    await opened.store.append([said('more bread', {id: 'c', agentId: 'gone'})])
    await opened.index.catchUp()
    expect(idsIn(select(opened.index, {prompt: 'bread'}))).toEqual(['b'])
    expect(idsIn(select(opened.index, {prompt: 'bread'}, 'gone'))).toEqual(['c'])
    await close(opened)
  })

  it('is fed by several at once without counting anything twice', async () => {
    const opened = await inSqlite()
    const others = await Promise.all([1, 2, 3].map(() => openSqliteContextIndex(opened.file, read)))
    await opened.store.append(Array.from({length: 800}, (_, i) => said(`bread ${i}`, {id: `e${i}`, ago: i * 1000})))
    await Promise.all([opened.index, ...others].map((index) => index.catchUp()))
    opened.index.read('main', (view) => {
      expect(view.passages).toBe(800)
      expect(view.frequency(tools.analyzer.term('bread'))).toBe(800)
    })
    for (const other of others) await other.close()
    await close(opened)
  })

  it('leaves a view as it was while others write', async () => {
    const opened = await inSqlite()
    const other = await openSqliteContextIndex(opened.file, read)
    await opened.store.append([said('bread one', {id: 'a'})])
    await opened.index.catchUp()
    let during: Promise<void> | undefined
    opened.index.read('main', (view) => {
      expect(view.passages).toBe(1)
      during = opened.store.append([said('bread two', {id: 'b', ago: hour})]).then(() => other.catchUp())
      expect(view.span(0, noon)).toMatchObject({events: 1})
    })
    await during
    expect(select(opened.index, {prompt: 'bread'}).items).toHaveLength(2)
    await other.close()
    await close(opened)
  })

  it('passes over an event whose body somebody changed', async () => {
    const opened = await inSqlite()
    await opened.store.append([said('bread', {id: 'a'}), said('more bread', {id: 'b', ago: hour})])
    const db = new DatabaseSync(opened.file)
    db.exec(`UPDATE events SET body = '{broken' WHERE seq = 1`)
    db.close()
    await opened.index.catchUp()
    expect(idsIn(select(opened.index, {prompt: 'bread'}))).toEqual(['b'])
    await close(opened)
  })

  it('stops when it is told to', async () => {
    const opened = await inSqlite()
    await opened.store.append([said('bread', {id: 'a'})])
    await expect(opened.index.catchUp({signal: AbortSignal.abort()})).rejects.toThrow()
    await close(opened)
  })
})
