import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {exportEvents} from '../../src/lib/export/export.ts'
import {continuation, positionAfter, readPrevious} from '../../src/lib/export/previous.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {event, eventsUpTo, ids} from '../contracts/event-store/events.ts'
import {tamper} from '../store/sqlite/temp-log.ts'
import {folder, json, linesIn, save, storeOf} from './scene.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const idsIn = async (file: string) => (await linesIn(file)).map((line) => JSON.parse(line).eventId)

describe('export', () => {
  it.each([
    ['events.ndjson', 'none'],
    ['events.ndjson.gz', 'gzip'],
    ['EVENTS.ZST', 'zstd'],
  ])('writes %s with a manifest that tells what is in it', async (name, compression) => {
    const store = await storeOf(eventsUpTo(1200, (n) => ({type: n % 3 ? 'note.added' : 'tool.called', data: {n}})))
    const file = path.join(folder(), name)
    await save(store, file)
    const lines = await linesIn(file)
    const stored = await Array.fromAsync(store.read(everything))
    expect(lines).toEqual(stored.map((one) => JSON.stringify(one)))
    const content = Buffer.from(`${lines.join('\n')}\n`)
    expect(json(`${file}.manifest.json`)).toEqual({
      manifestVersion: 1,
      format: 'claw',
      store: 'memory:',
      stream: 'memory',
      filter: {},
      count: 1200,
      lines: 1200,
      types: {'tool.called': 400, 'note.added': 800},
      first: stored[0]!.position,
      last: stored.at(-1)!.position,
      lastEventId: 'e-1199',
      through: stored.at(-1)!.position,
      compression,
      bytes: statSync(file).size,
      sha256: sha256(readFileSync(file)),
      contentBytes: content.length,
      contentSha256: sha256(content),
      createdAt: '2026-11-21T00:00:00.000Z',
      lost: [],
      lostEvents: 0,
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(path.dirname(file)).sort()).toEqual([name, `${name}.manifest.json`].sort())
  })

  it('gives the same bytes again', async () => {
    const store = await storeOf(eventsUpTo(300))
    const place = folder()
    for (const ending of ['', '.gz', '.zst']) {
      for (const name of ['a', 'b']) await save(store, path.join(place, name + ending))
      expect(readFileSync(path.join(place, `a${ending}`))).toEqual(readFileSync(path.join(place, `b${ending}`)))
    }
  })

  it('holds what the filter lets through, in log order, also of a log without events', async () => {
    const store = await storeOf(eventsUpTo(50, (n) => ({agentId: n % 2 ? 'main' : 'other'})))
    const file = path.join(folder(), 'x.ndjson')
    const {count, filter} = await save(store, file, {filter: {agents: ['main']}})
    expect([count, filter]).toEqual([25, {agents: ['main']}])
    expect(await idsIn(file)).toEqual(ids(eventsUpTo(50)).filter((_, n) => n % 2))
    expect(await save(openMemoryStore(), file)).toMatchObject({count: 0, first: null, last: null, through: ''})
    expect(statSync(file).size).toBe(0)
  })

  it('tells the head of the hash chain of an embedded log', async () => {
    const place = folder()
    const store = await openSqliteStore(path.join(place, 'events.db'))
    await store.append(eventsUpTo(3))
    const {chainHead, through} = await save(store, path.join(place, 'x.ndjson'))
    await store.close()
    expect(chainHead).toEqual({position: through, sha256: expect.stringMatching(/^[0-9a-f]{64}$/)})
  })

  it('leaves an earlier file as it was, and nothing else, when it fails', async () => {
    const place = folder()
    const file = path.join(place, 'x.ndjson.gz')
    const store = await storeOf(eventsUpTo(100))
    await save(store, file)
    const before = [readFileSync(file), readFileSync(`${file}.manifest.json`)]
    const failing = {
      ...store,
      async *read() {
        yield* store.read(everything, {limit: 50})
        throw new Error('the store broke')
      },
    }
    await expect(save(failing, file)).rejects.toThrow('the store broke')
    const stop = new AbortController()
    const stopping = save(store, file, {signal: stop.signal})
    stop.abort()
    await expect(stopping).rejects.toMatchObject({name: 'AbortError'})
    expect([readFileSync(file), readFileSync(`${file}.manifest.json`)]).toEqual(before)
    expect(readdirSync(place)).toHaveLength(2)
  })

  it('leaves nothing behind whenever it is told to stop', async () => {
    const place = folder()
    const store = await storeOf(eventsUpTo(2000))
    for (let after = 0; after < 60; after++) {
      const stop = new AbortController()
      let left = after * 40
      const read: typeof store.read = async function* (...query) {
        for await (const each of store.read(...query)) {
          if (left-- <= 0) stop.abort()
          yield each
        }
      }
      if (after === 0) stop.abort()
      const name = `x${after}.ndjson${['', '.gz', '.zst'][after % 3]}`
      await save({...store, read}, path.join(place, name), {signal: stop.signal}).catch(() => undefined)
      if (stop.signal.aborted) expect(readdirSync(place)).toEqual([])
    }
  })

  it('says what cannot be written, and why', async () => {
    const place = folder()
    const store = await storeOf(eventsUpTo(5))
    await expect(save(store, path.join(place, 'no', 'x.ndjson'))).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining('ENOENT'),
    })
    await expect(save(store, place)).rejects.toMatchObject({code: 'USAGE'})
    await expect(save(store, '/dev/full')).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      suggestions: [expect.stringContaining('free some space')],
    })
  })

  it('writes through a link, and never over the log itself', async () => {
    const place = folder()
    const log = path.join(place, 'events.db')
    const store = await openSqliteStore(log)
    await store.append(eventsUpTo(5))
    mkdirSync(path.join(place, 'far'))
    writeFileSync(path.join(place, 'far', 'real.ndjson'), 'old')
    symlinkSync(path.join('far', 'real.ndjson'), path.join(place, 'link.ndjson'))
    await save(store, path.join(place, 'link.ndjson'))
    expect(await idsIn(path.join(place, 'far', 'real.ndjson'))).toHaveLength(5)
    expect(existsSync(path.join(place, 'far', 'real.ndjson.manifest.json'))).toBe(true)
    symlinkSync(log, path.join(place, 'alias.db'))
    for (const name of [log, path.join(place, 'alias.db')])
      await expect(save(store, name)).rejects.toMatchObject({code: 'USAGE', exit: 2})
    await store.close()
  })

  it('passes over what is damaged in a log, and names it', async () => {
    const place = folder()
    const log = path.join(place, 'events.db')
    const store = await openSqliteStore(log)
    await store.append(eventsUpTo(20))
    tamper(log, `UPDATE events SET body = '{' WHERE seq IN (4, 5)`)
    const file = path.join(place, 'x.ndjson')
    const {count, lostEvents, lost} = await save(store, file)
    await store.close()
    expect([count, lostEvents]).toEqual([18, 2])
    expect(await idsIn(file)).toEqual(ids(eventsUpTo(20)).filter((id) => id !== 'e-3' && id !== 'e-4'))
    expect(json(`${file}.manifest.json`)).toMatchObject({lostEvents: 2, lost})
    expect(lost.map(({first}) => Number(first))).toEqual([4, 5])
  })
})

describe('an export that goes on after another', () => {
  it('holds what came since, so that the parts are the whole', async () => {
    const place = folder()
    const file = (n: number) => path.join(place, `${n}.ndjson.zst`)
    const store = await storeOf(eventsUpTo(10, (n) => ({agentId: n % 2 ? 'main' : 'other'})))
    const filter = {agents: ['main']}
    await save(store, file(0), {filter})
    for (let part = 1; part <= 3; part++) {
      await store.append(Array.from({length: 7}, (_, n) => event(`more-${part}-${n}`)))
      const previous = await readPrevious(part % 2 ? file(part - 1) : `${file(part - 1)}.manifest.json`)
      const asked = continuation(previous, {filter: everything})
      expect(asked).toEqual({filter, format: 'claw'})
      await save(store, file(part), {...asked, after: await positionAfter(store, previous), since: file(part - 1)})
    }
    const parts = await Promise.all([0, 1, 2, 3].map((n) => idsIn(file(n))))
    const whole: string[] = []
    await exportEvents(store, async (text) => void whole.push(JSON.parse(text).eventId), {filter, format: 'claw'})
    expect(parts.map((part) => part.length)).toEqual([5, 7, 7, 7])
    expect(parts.flat()).toEqual(whole)
    const nothing = await save(store, file(4), {filter, after: json(`${file(3)}.manifest.json`).through})
    expect(nothing).toMatchObject({count: 0, through: json(`${file(3)}.manifest.json`).through})
  })

  it('refuses another log, other filters, another format, and to write over the earlier one', async () => {
    const place = folder()
    const file = path.join(place, 'a.ndjson')
    const store = await storeOf(eventsUpTo(10))
    await save(store, file)
    const previous = await readPrevious(file)
    const other = await storeOf(eventsUpTo(30, () => ({})).map((one) => ({...one, eventId: `other-${one.eventId}`})))
    const short = await storeOf(eventsUpTo(3))
    for (const log of [other, short])
      await expect(positionAfter(log, previous)).rejects.toMatchObject({code: 'INPUT_INVALID', exit: 2})
    expect(() => continuation(previous, {filter: {agents: ['x']}})).toThrow('other filters')
    expect(() => continuation(previous, {filter: everything, format: 'openclaw'})).toThrow('the format claw')
    expect(() => continuation(previous, {filter: everything, format: 'otlp'})).toThrow('trace')
    await expect(save(store, file, {since: `${file}.manifest.json`})).rejects.toMatchObject({code: 'USAGE'})
    await expect(readPrevious(path.join(place, 'none'))).rejects.toMatchObject({code: 'INPUT_UNREADABLE'})
  })

  it('knows a log whose exported events were pruned by its name', async () => {
    const place = folder()
    const log = path.join(place, 'events.db')
    const store = await openSqliteStore(log)
    await store.append(eventsUpTo(10))
    const file = path.join(place, 'a.ndjson')
    await save(store, file)
    await store.append([event('new')])
    tamper(log, 'DELETE FROM events WHERE seq <= 10')
    const previous = await readPrevious(file)
    expect(await positionAfter(store, previous)).toBe(previous.through)
    await expect(positionAfter(store, {...previous, store: 'sqlite:/elsewhere'})).rejects.toThrow('elsewhere')
    await store.close()
  })
})
