import {createReadStream, readFileSync, truncateSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {gzipSync, zstdCompressSync} from 'node:zlib'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {checkManifest} from '../../src/lib/import/check-manifest.ts'
import {importEvents} from '../../src/lib/import/import.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import {event, eventsUpTo, idsOf} from '../contracts/event-store/events.ts'
import {folder, json, load, save, storeOf} from '../export/scene.ts'

const check = (file: string) => checkManifest(file, {open: () => createReadStream(file)})
const lines = (events: readonly object[]) => `${events.map((one) => JSON.stringify(one)).join('\n')}\n`

function write(name: string, content: string | Uint8Array): string {
  const file = path.join(folder(), name)
  writeFileSync(file, content)
  return file
}

describe('import of a compressed file', () => {
  it.each([
    ['gzip under its own name', 'a.ndjson.gz', gzipSync],
    ['zstd under its own name', 'a.ndjson.zst', zstdCompressSync],
    ['gzip under another name', 'a.ndjson', gzipSync],
    ['zstd under the name of gzip', 'a.ndjson.gz', zstdCompressSync],
    ['plain text under the name of gzip', 'a.ndjson.gz', (text: Buffer) => text],
  ])('reads %s', async (_what, name, compress) => {
    const store = openMemoryStore()
    const file = write(name, compress(Buffer.from(lines(eventsUpTo(1500)))))
    expect(await load(file, store)).toMatchObject({read: 1500, appended: 1500, failedLines: 0, interrupted: false})
    expect(await idsOf(store.read(everything))).toHaveLength(1500)
  })

  it.each([
    ['gz', gzipSync],
    ['zst', zstdCompressSync],
  ])('takes in what comes before a %s file breaks off, and says where it does', async (ending, compress) => {
    // Unlike each other, so that the compressed file is long enough to be cut in its middle.
    const events = eventsUpTo(3000, (n) => ({
      data: {text: Array.from({length: 60}, (_, k) => Math.sin(n * 99 + k)).join()},
    }))
    const file = write(`a.${ending}`, compress(Buffer.from(lines(events))))
    truncateSync(file, Math.floor(readFileSync(file).length / 2))
    const result = await load(file, openMemoryStore())
    expect(result.appended).toBeGreaterThan(100)
    // The line that was cut, and the file.
    expect(result.failedLines).toBeLessThanOrEqual(2)
    expect(result.failed.at(-1)).toMatchObject({
      line: expect.any(Number),
      reason: expect.stringContaining('ends early'),
    })
    expect(result.failed.at(-1)!.line).toBeGreaterThan(result.appended)
  })
})

describe('a manifest beside the file', () => {
  it('is enough when it agrees, for every compression', async () => {
    for (const name of ['a.ndjson', 'a.ndjson.gz', 'a.ndjson.zst']) {
      const file = path.join(folder(), name)
      await save(await storeOf(eventsUpTo(700)), file)
      expect(await check(file)).toMatchObject({count: 700})
    }
    expect(await check(write('none.ndjson', '{}'))).toBeUndefined()
  })

  it('names everything that differs', async () => {
    const file = path.join(folder(), 'a.ndjson')
    await save(await storeOf(eventsUpTo(10)), file)
    const content = readFileSync(file, 'utf8')
    const message = async () => check(file).catch((error: Error) => error.message)
    writeFileSync(file, content.replace('text of e-3', 'text of e-4'))
    expect(await message()).toMatch(/its sha256 is \w+, not \w+; its content has another sha256$/)
    writeFileSync(file, content.slice(0, content.lastIndexOf('\n', content.length - 2) + 1))
    expect(await message()).toMatch(
      /it has \d+ bytes, not \d+; its content has \d+ bytes, not \d+; it has 9 lines, not 10$/,
    )
    await expect(check(file)).rejects.toMatchObject({code: 'INPUT_INVALID', exit: 1})
  })

  it('tells of a compressed file that was cut off or damaged', async () => {
    const file = path.join(folder(), 'a.ndjson.zst')
    await save(await storeOf(eventsUpTo(900)), file)
    const bytes = readFileSync(file)
    truncateSync(file, bytes.length - 9)
    await expect(check(file)).rejects.toThrow('ends early')
    const damaged = Buffer.from(bytes)
    damaged[damaged.length >> 1]! ^= 0x20
    writeFileSync(file, damaged)
    await expect(check(file)).rejects.toMatchObject({code: 'INPUT_INVALID'})
  })

  it('is a failure itself when it is none of ours, or of traces', async () => {
    const file = path.join(folder(), 'a.ndjson')
    await save(await storeOf(eventsUpTo(3)), file)
    const manifest = json(`${file}.manifest.json`)
    const replaced = async (text: string) => {
      writeFileSync(`${file}.manifest.json`, text)
      return check(file).catch((error: Error) => error.message)
    }
    expect(await replaced('{"half')).toContain('it is no JSON')
    expect(await replaced(JSON.stringify({...manifest, manifestVersion: 2}))).toContain('manifestVersion is 2')
    expect(await replaced(JSON.stringify({...manifest, sha256: 5}))).toContain('sha256 is 5')
    expect(await replaced(JSON.stringify({...manifest, format: 'otlp'}))).toContain('OTLP traces')
  })
})

describe('an id that the log holds already', () => {
  it('is a conflict when its content is another one', async () => {
    const store = await storeOf(eventsUpTo(5))
    const changed = {...event('e-2'), data: {content: 'something else'}}
    const file = write('a.ndjson', lines([event('e-1'), changed, event('new'), {...event('new'), agentId: 'other'}]))
    expect(await load(file, store)).toMatchObject({
      read: 4,
      appended: 1,
      duplicates: 3,
      conflictingLines: 2,
      conflicts: [
        {line: 2, eventId: 'e-2'},
        {line: 4, eventId: 'new'},
      ],
    })
  })

  it('is none when only the order of fields, the file or the line differ', async () => {
    const store = openMemoryStore()
    const plugin = {
      eventId: 'p-1',
      type: 'tool.called',
      eventName: 'before_tool_call',
      timestamp: 1_795_300_000_000,
      data: {toolName: 'exec'},
    }
    const untimed = {eventId: 'p-2', type: 'note.added', eventName: 'x', data: {}}
    const own = event('own', {data: {a: 1, b: 2}})
    await load(write('a.ndjson', lines([plugin, untimed, own])), store)
    const {eventId, ...rest} = own
    const again = write('b.ndjson', lines([{...rest, eventId, data: {b: 2, a: 1}}, untimed, plugin]))
    const later = () => Date.UTC(2027, 0, 1)
    expect(await importEvents(createReadStream(again), {store, from: again, now: later})).toMatchObject({
      duplicates: 3,
      conflicts: [],
      conflictingLines: 0,
    })
  })

  it('is listed up to a thousand times and counted always', async () => {
    const store = await storeOf(eventsUpTo(1300))
    const file = write('a.ndjson', lines(eventsUpTo(1300, () => ({data: {}}))))
    const result = await load(file, store)
    expect(result.conflicts).toHaveLength(1000)
    expect(result.conflictingLines).toBe(1300)
  })
})

describe('an import that is told to stop', () => {
  it('says what it has done, also while it waits for more', async () => {
    const stop = new AbortController()
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(lines(eventsUpTo(1100)))
      setImmediate(() => stop.abort())
      await new Promise(() => undefined)
    }
    const store = openMemoryStore()
    const result = await importEvents(endless(), {store, from: '-', now: Date.now, signal: stop.signal})
    expect(result).toMatchObject({appended: 1100, failedLines: 0, interrupted: true})
    expect(await idsOf(store.read(everything))).toHaveLength(1100)
  })
})

describe('a line as our own log prints it', () => {
  it('comes back as it was, also with a time that is none', async () => {
    const odd: ClawEvent[] = [event('a', {timestamp: 'yesterday'}), event('b', {timestamp: ''})]
    const store = await storeOf(odd)
    const printed = (await Array.fromAsync(store.read(everything))).map((one) => JSON.stringify(one)).join('\n')
    const other = openMemoryStore()
    expect(await load(write('a.ndjson', printed), other)).toMatchObject({appended: 2, failedLines: 0})
    expect((await Array.fromAsync(other.read(everything))).map(({timestamp}) => timestamp)).toEqual(['yesterday', ''])
    // The same without its place is somebody else's, and has to have a time.
    expect(await load(write('b.ndjson', lines(odd)), openMemoryStore())).toMatchObject({appended: 0, failedLines: 2})
  })

  it('is refused when it is no UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(lines([event('a')])),
      Buffer.from([0x22, 0xff, 0x22, 10]),
      Buffer.from(lines([event('b')])),
    ])
    expect(await load(write('a.ndjson', bytes), openMemoryStore())).toMatchObject({
      appended: 2,
      failed: [{line: 2, reason: 'not valid UTF-8'}],
    })
  })
})
