import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, expect, it} from 'vitest'
import {storeLocation} from '../../src/lib/config/store-settings.ts'
import {injectionRecord} from '../../src/lib/context/injection.ts'
import {previewInjection} from '../../src/lib/context/preview.ts'
import {selectContext} from '../../src/lib/context/select.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {openContext} from '../../src/lib/wiring/open-context.ts'
import {openAdmin} from '../../src/lib/wiring/open-store.ts'
import {day, noon, said} from './events.ts'

let stateDir = ''
beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'claw-context-erase-'))
})
afterEach(() => rmSync(stateDir, {recursive: true, force: true}))

it('what was erased is in no context any more, and in no index, also of one that was open meanwhile', async () => {
  const location = storeLocation({}, {stateDir})
  const opened = await openContext(location, {agentId: 'main', stateDir, whenMissing: 'create'})
  const {store, index, tools, refresh, close} = opened
  await store.append([
    said('The xylophone teacher comes on Friday', {id: 'gone', ago: day, sessionId: 'theirs'}),
    said('The piano teacher comes on Monday', {id: 'stays', ago: day, sessionId: 'ours'}),
  ])
  const select = () =>
    index.read('main', (view) => selectContext(view, {atMs: noon, prompt: 'Which teacher comes?', budget: 500}, tools))
  await refresh({})
  const before = select()
  expect(before.text).toContain('xylophone')
  const data = {...injectionRecord(before, {budget: 500, counter: tools.counter.name})}
  const injected = makeEvent({type: 'context.injected', agentId: 'main', source: 'synthetic', data})
  await store.append([injected])

  const admin = await openAdmin(location)
  expect(await admin.erase({filter: {sessions: ['theirs']}})).toMatchObject({erased: 1})
  await admin.close()
  await refresh({})
  expect(select().items.map(({eventId}) => eventId)).toEqual(['stays'])
  const {document} = previewInjection(index, injected, tools)
  expect(document.injection).toMatchObject({isSame: false, missing: ['gone']})
  expect(document.text).not.toContain('comes on Friday')
  await close()
  expect(readFileSync(path.join(stateDir, 'claw-events', 'events.db'), 'latin1')).not.toContain('comes on Friday')
})
