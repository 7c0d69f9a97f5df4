import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {rmSync} from 'node:fs'
import path from 'node:path'
import {createInterface} from 'node:readline'
import {DatabaseSync} from 'node:sqlite'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {openSqliteAdmin} from '../../src/lib/store/sqlite/admin.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {allOf, event, eventsUpTo, ids, idsOf} from '../contracts/event-store/events.ts'
import {openStore, tempPath} from '../store/sqlite/temp-log.ts'
import {recorderOn, turn} from './recorder-scene.ts'

const child = new URL('./recorder-child.ts', import.meta.url).pathname

function newLog(busyMs = 20) {
  const file = tempPath()
  return {file, open: () => openSqliteStore(file, {busyMs})}
}

/** Another program that keeps the log locked until the returned function is called. */
function lock(file: string): () => void {
  const db = new DatabaseSync(file)
  db.exec('BEGIN IMMEDIATE')
  return () => {
    db.exec('ROLLBACK')
    db.close()
  }
}

async function idsIn(file: string): Promise<string[]> {
  return idsOf((await openStore(file)).read(everything))
}

describe('a recorder on the embedded log', () => {
  it('commits in the same turn of the event loop', async () => {
    const {file, open} = newLog()
    const {recorder} = recorderOn(open)
    recorder.record([event('first')])
    await recorder.committed(5000)
    const reader = await openStore(file)
    for (let round = 0; round < 20; round++) {
      recorder.record([event(`a-${round}`)])
      recorder.record([event(`b-${round}`), event(`c-${round}`)])
      expect(recorder.status().pending).toBe(3)
      await turn()
      expect(recorder.status()).toEqual({pending: 0, dropped: 0, committed: 4 + round * 3})
      expect(await reader.count(everything)).toMatchObject({count: 4 + round * 3})
    }
  })

  it('keeps the order of recording, also of more events than one transaction takes', async () => {
    const {file, open} = newLog()
    const {recorder} = recorderOn(open, {queueLimit: 100_000})
    const events = eventsUpTo(5000)
    for (let at = 0; at < events.length; at += 7) recorder.record(events.slice(at, at + 7))
    await recorder.committed(20_000)
    expect(await idsIn(file)).toEqual(ids(events))
  })

  it('does not count an event twice, and keeps one that is recorded again once', async () => {
    const {file, open} = newLog()
    const {recorder} = recorderOn(open)
    recorder.record([event('a'), event('b'), event('a')])
    await recorder.committed(5000)
    recorder.record([event('b'), event('c')])
    await recorder.committed(5000)
    expect(await idsIn(file)).toEqual(['a', 'b', 'c'])
  })

  it('keeps what the log refuses for a while, and says when it is over', async () => {
    const {file, open} = newLog()
    const {recorder, said} = recorderOn(open)
    recorder.record([event('before')])
    await recorder.committed(5000)
    const unlock = lock(file)
    recorder.record(eventsUpTo(300))
    await expect(recorder.committed(60)).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringMatching(/not in the event log after 60 ms: another program keeps .* locked/),
    })
    expect(recorder.status()).toMatchObject({pending: 300, lastError: expect.stringContaining('locked')})
    unlock()
    await recorder.committed(5000)
    expect(await idsIn(file)).toEqual(['before', ...ids(eventsUpTo(300))])
    expect(recorder.status()).toEqual({pending: 0, dropped: 0, committed: 301})
    expect(said.lines.map(([level]) => level)).toEqual(['error', 'info'])
  })

  it('drops the oldest of a full queue, and tells it once when the log can be written again', async () => {
    const {file, open} = newLog()
    const {recorder, said} = recorderOn(open, {queueLimit: 100})
    recorder.record([event('before')])
    await recorder.committed(5000)
    const unlock = lock(file)
    const events = eventsUpTo(350)
    recorder.record(events.slice(0, 10))
    await expect.poll(() => recorder.status().lastError).toContain('locked')
    for (const one of events.slice(10)) recorder.record([one])
    expect(recorder.status()).toMatchObject({pending: 100})
    unlock()
    await recorder.committed(5000)
    const stored = await allOf((await openStore(file)).read(everything))
    const [drop] = stored.filter(({type}) => type === 'capture.dropped')
    const kept = ids(stored.filter(({type}) => type !== 'capture.dropped'))
    const count = 351 - kept.length
    expect(count).toBeGreaterThanOrEqual(240)
    expect(recorder.status()).toEqual({pending: 0, dropped: count, committed: kept.length})
    expect(stored.filter(({type}) => type === 'capture.dropped')).toHaveLength(1)
    expect(drop).toMatchObject({agentId: 'system', source: 'synthetic', data: {count, reason: 'STORE_LOCKED'}})
    // What was being written when the lock was met stays; the gap lies behind it.
    const gone = events.filter(({eventId}) => !kept.includes(eventId))
    expect(drop!.data).toMatchObject({firstAt: gone[0]!.timestamp, lastAt: gone.at(-1)!.timestamp})
    expect(kept.slice(-80)).toEqual(ids(events.slice(-80)))
    expect(said.of('warn')).toEqual([expect.stringContaining('events are dropped (STORE_LOCKED)')])
    expect(said.of('info').filter((line) => line.includes('dropped'))).toEqual([
      expect.stringContaining(`${count} events of `),
    ])
  })

  it('bounds what waits by its size, too', async () => {
    const {file, open} = newLog()
    const {recorder} = recorderOn(open, {queueWeight: 1_000_000})
    recorder.record([event('before')])
    await recorder.committed(5000)
    const unlock = lock(file)
    for (let n = 0; n < 30; n++) recorder.record([event(`large-${n}`, {data: {text: 'x'.repeat(100_000)}})])
    expect(recorder.status().pending).toBeLessThan(11)
    recorder.record([event('huge', {data: {text: 'x'.repeat(3_000_000)}})])
    unlock()
    await recorder.committed(5000)
    // The newest is kept, however large it is alone.
    expect(await idsIn(file)).toContain('huge')
  })

  it('stores the others when an event cannot be written as it is', async () => {
    const {file, open} = newLog()
    const {recorder, said} = recorderOn(open)
    const cyclic: Record<string, unknown> = {name: 'around'}
    cyclic['self'] = cyclic
    const deep = Array.from({length: 50_000}).reduce<unknown>((inner) => ({inner}), 'bottom')
    const trap = {
      get bad() {
        throw new Error('no')
      },
      good: 1,
    }
    const odd: Record<string, ClawEvent> = {
      bigint: event('bigint', {data: {size: 12n}}),
      cycle: event('cycle', {data: cyclic}),
      getter: event('getter', {data: trap}),
      json: event('json', {data: {value: {toJSON: () => 7n}}}),
      deep: event('deep', {data: {deep}}),
      symbol: event('symbol', {data: {[Symbol('x')]: 1, fn: () => 1, nan: Number.NaN}}),
    }
    recorder.record([event('a'), ...Object.values(odd), event('b')])
    await recorder.committed(10_000)
    const stored = await allOf((await openStore(file)).read(everything))
    expect(ids(stored)).toEqual(['a', ...Object.keys(odd), 'b'])
    const dataOf = (id: string) => stored.find(({eventId}) => eventId === id)?.data
    expect(dataOf('bigint')).toEqual({size: '12'})
    expect(dataOf('cycle')).toMatchObject({name: 'around'})
    expect(dataOf('getter')).toMatchObject({good: 1})
    expect(recorder.status()).toEqual({pending: 0, dropped: 0, committed: 8})
    expect(said.lines).toEqual([])
  })

  it('drops and counts what is no event, without a word from the host’s side of it', async () => {
    const {file, open} = newLog()
    const {recorder, said} = recorderOn(open)
    const junk = [
      null,
      undefined,
      7,
      'text',
      [],
      {},
      {...event('no-data'), data: undefined},
      {...event('x'), eventId: 5},
    ]
    const nasty = new Proxy(event('proxy'), {
      get() {
        throw new Error('not yours')
      },
    })
    recorder.record([event('a'), ...(junk as ClawEvent[]), nasty, event('b')])
    recorder.record(undefined as unknown as ClawEvent[])
    await expect(recorder.committed(5000)).rejects.toThrow('an event was dropped (EVENT_INVALID)')
    await recorder.committed(5000)
    await recorder.flush(5000)
    const stored = await allOf((await openStore(file)).read(everything))
    expect(stored.map(({eventId, type}) => (type === 'capture.dropped' ? type : eventId))).toEqual([
      'a',
      'b',
      'capture.dropped',
    ])
    expect(stored[2]!.data).toMatchObject({count: 9, reason: 'EVENT_INVALID'})
    expect(said.of('warn')).toHaveLength(1)
  })

  it('lets nothing past `prepare`, not even when that fails', async () => {
    const {file, open} = newLog()
    const prepare = (one: ClawEvent) => {
      if (one.eventId === 'fails') throw new Error('cannot redact')
      return {...one, data: {text: '[REDACTED]'}}
    }
    const {recorder} = recorderOn(open, {prepare})
    recorder.record([event('a'), event('fails', {data: {text: 'secret'}}), event('big', {data: {n: 1n}})])
    await recorder.committed(5000).catch(() => undefined)
    await recorder.flush(5000)
    const stored = await allOf((await openStore(file)).read({types: ['message.*']}))
    expect(stored.map(({eventId, data}) => [eventId, data])).toEqual([
      ['a', {text: '[REDACTED]'}],
      ['big', {text: '[REDACTED]'}],
    ])
    expect(recorder.status()).toMatchObject({dropped: 1, committed: 2})
  })

  it('opens the log when it can be opened, and tries again until then', async () => {
    const {file, open} = newLog()
    let attempts = 0
    const {recorder} = recorderOn(async () => {
      if (++attempts < 4) throw new Error('not yet')
      return open()
    })
    expect(attempts).toBe(0)
    recorder.record(eventsUpTo(3))
    await recorder.committed(5000)
    expect(attempts).toBe(4)
    expect(await idsIn(file)).toEqual(ids(eventsUpTo(3)))
  })

  it('goes on with a new log when the file is removed, and when its folder is', async () => {
    const {file, open} = newLog()
    const {recorder} = recorderOn(open)
    recorder.record([event('first')])
    await recorder.committed(5000)
    for (const removed of [file, path.dirname(file)]) {
      rmSync(removed, {recursive: true})
      recorder.record([event('again')])
      await recorder.committed(5000)
      expect(await idsIn(file)).toEqual(['again'])
    }
    expect(recorder.status()).toMatchObject({dropped: 0, committed: 3})
  })

  it('flushes within its time, closes the log, and opens it again for what comes later', async () => {
    const {file, open} = newLog()
    const {recorder, said} = recorderOn(open)
    recorder.record(eventsUpTo(2000))
    await Promise.all([recorder.flush(5000), recorder.flush(5000)])
    await recorder.flush(5000)
    expect(recorder.status()).toMatchObject({pending: 0, committed: 1000})
    const unlock = lock(file)
    recorder.record([event('late')])
    const start = performance.now()
    await recorder.flush(150)
    expect(performance.now() - start).toBeLessThan(1000)
    expect(said.of('warn').at(-1)).toBe('1 events could not be written within 150 ms')
    unlock()
    await recorder.flush(5000)
    expect((await idsIn(file)).at(-1)).toBe('late')
  })

  it('has nobody wait in record, and keeps no lock, while another writer is busy', async () => {
    const {file, open} = newLog(10_000)
    const {recorder} = recorderOn(open)
    recorder.record([event('before')])
    await recorder.committed(5000)
    const unlock = lock(file)
    let turns = 0
    for (let n = 0; n < 50; n++) {
      recorder.record([event(`w-${n}`)])
      await turn()
      turns++
    }
    expect(turns).toBe(50)
    expect(recorder.status().pending).toBe(50)
    unlock()
    await recorder.committed(5000)
    expect(await idsIn(file)).toHaveLength(51)
  })

  it('has in the log what it said was committed, after SIGKILL at any moment', async () => {
    const {file} = newLog()
    const moments = fc.sample(fc.integer({min: 1, max: 400}), {seed: 20_261_121, numRuns: 8})
    for (const [round, moment] of moments.entries()) {
      const writer = spawn(process.execPath, [child, file, `r${round}`], {stdio: ['ignore', 'pipe', 'inherit']})
      let last = -1
      for await (const line of createInterface({input: writer.stdout})) {
        last = Number(line)
        if (last >= moment) writer.kill('SIGKILL')
      }
      if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
      const ours = (await idsIn(file)).filter((id) => id.startsWith(`r${round}-`))
      expect(ours.length).toBeGreaterThan(last)
      expect(ours).toEqual(ours.map((_, n) => `r${round}-${n}`))
    }
    expect(await (await openSqliteAdmin(file)).verify()).toMatchObject({ok: true})
  })
})
