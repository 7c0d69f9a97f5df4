import {createReadStream, readdirSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {everything} from '../../src/lib/filter/filter.ts'
import {importEvents} from '../../src/lib/import/import.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'dialects')
const dialects = readdirSync(fixtures).filter((name) => !name.startsWith('not-'))

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

describe('import', () => {
  it.each(dialects)('takes in recorded lines of %s, and a second time adds nothing', async (name) => {
    const store = openMemoryStore()
    const once = () =>
      importEvents(createReadStream(path.join(fixtures, name)), {store, from: name, now: () => 1_795_300_000_000})
    const first = await once()
    expect(first.failed).toEqual([])
    expect(first.appended).toBeGreaterThan(0)
    expect(first.appended + first.duplicates).toBe(first.read)
    expect(await once()).toMatchObject({read: first.read, appended: 0, duplicates: first.read})
  })

  it('reports each bad line by its number and takes in the rest', async () => {
    const store = openMemoryStore()
    const good = JSON.stringify({
      type: 'note.added',
      id: 'a',
      timestamp: 1,
      agent: 'main',
      session: 's',
      visibility: 'internal',
      payload: {},
    })
    const result = await importEvents(bytes(`${good}\n\n{"half":\n[]\n"text"\n${good.replace('"a"', '"b"')}\n`), {
      store,
      from: 'x',
      now: Date.now,
    })
    expect(result).toMatchObject({read: 5, appended: 2, duplicates: 0, failedLines: 3})
    expect(result.failed.map(({line}) => line)).toEqual([3, 4, 5])
    expect(await Array.fromAsync(store.read(everything))).toHaveLength(2)
  })

  it('takes in a JSON array as well', async () => {
    const event = (id: string) => ({
      type: 'note.added',
      id,
      timestamp: 1,
      agent: 'main',
      session: 's',
      visibility: 'internal',
      payload: {},
    })
    const text = JSON.stringify([event('a'), event('b')], null, 2)
    expect(await importEvents(bytes(text), {store: openMemoryStore(), from: 'x', now: Date.now})).toMatchObject({
      read: 2,
      appended: 2,
    })
  })

  it('keeps the reasons of the first thousand bad lines and counts all', async () => {
    const result = await importEvents(bytes('nonsense\n'.repeat(1500)), {
      store: openMemoryStore(),
      from: 'x',
      now: Date.now,
    })
    expect(result.failed).toHaveLength(1000)
    expect(result.failedLines).toBe(1500)
  })
})
