import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {createReader} from '../../src/lib/context/reading.ts'
import {selectContext} from '../../src/lib/context/select.ts'
import type {ContextIndex} from '../../src/lib/store/context-index.ts'
import {openSqliteAdmin} from '../../src/lib/store/sqlite/admin.ts'
import {openSqliteContextIndex} from '../../src/lib/store/sqlite/context-index.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {query} from '../store/sqlite/temp-log.ts'
import {noon, said, tools} from './events.ts'

const secret = {confidential: true}
const masked = {replacement: '#gone#'}

describe('an index that was made with another configuration', () => {
  let folder = ''
  let file = ''
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'context-edition-'))
    file = path.join(folder, 'events.db')
    const store = await openSqliteStore(file)
    await store.append([
      said('The boiler is broken', {id: 'a'}),
      said('The safe code of the boiler is 9911', {id: 'b', visibility: 'confidential'}),
      said('The boiler man is #gone#. He comes on Monday', {id: 'c'}),
    ])
    await store.close()
  })
  afterAll(() => rmSync(folder, {recursive: true}))

  const open = (options = {}) => openSqliteContextIndex(file, createReader(tools.analyzer, options))

  function look(index: ContextIndex, options = {}) {
    return index.read('main', (view) => {
      const {text} = selectContext(view, {atMs: noon, budget: 500, prompt: 'boiler'}, {...tools, options})
      return {passages: view.passages, knows9911: view.frequency('9911') > 0, text}
    })
  }

  it('is made anew, so that nothing of what is not wanted any more stays in it', async () => {
    for (const [options, passages, knows9911, words] of [
      [{}, 2, false, /#gone#/],
      [secret, 3, true, /9911/],
      [{}, 2, false, /#gone#/],
      [masked, 2, false, /comes on Monday/],
    ] as const) {
      const index = await open(options)
      await index.catchUp()
      const seen = look(index, options)
      expect(seen).toEqual({passages, knows9911, text: expect.stringMatching(words)})
      expect(seen.text.includes('9911')).toBe(knows9911)
      expect(seen.text.includes('#gone#')).toBe(options !== masked)
      await index.close()
    }
  })

  it('is not read, nor added to, by one who was at it before', async () => {
    const [plain, confidential] = [await open(), await open(secret)]
    await plain.catchUp()
    await confidential.catchUp()
    expect(() => look(plain)).toThrow(expect.objectContaining({code: 'STORE_LOCKED'}))
    expect(look(confidential, secret).text).toContain('9911')
    await plain.catchUp()
    expect(look(plain).text).not.toContain('9911')
    await plain.close()
    await confidential.close()
  })

  it('is trimmed when the log is pruned, whoever made it', async () => {
    const index = await open(secret)
    await index.catchUp()
    const admin = await openSqliteAdmin(file)
    await admin.prune({storedBefore: Date.now() + 1000})
    expect(look(index, secret).passages).toBe(0)
    expect(query(file, "SELECT count(*) AS tables FROM sqlite_schema WHERE name = 'context_state'")).toEqual([
      {tables: 1},
    ])
    await index.close()
  })
})
