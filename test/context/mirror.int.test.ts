import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {setImmediate as nextTurn} from 'node:timers/promises'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type StoreLocation, storeSettings} from '../../src/lib/config/store-settings.ts'
import {previewContext} from '../../src/lib/context/preview.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openContext} from '../../src/lib/wiring/open-context.ts'
import {openAdmin, openStore} from '../../src/lib/wiring/open-store.ts'
import {type NatsServer, natsBinaries, startNats} from '../nats-server.ts'
import {day, hour, noon, note, replied, said} from './events.ts'

const events = [
  said('The boiler is broken', {id: 'a', ago: 9 * day}),
  replied('Anna repairs the boiler on Monday', {id: 'b', ago: 8 * day}),
  note('Anna repairs boilers', {id: 'n', heading: 'Anna'}),
  said('The boiler code is 42', {id: 'secret', ago: day, agentId: 'other'}),
  said('Is it warm?', {id: 'c', ago: hour}),
]

async function preview(location: StoreLocation, stateDir: string, agentId = 'main') {
  const {index, tools, close} = await openContext(location, {agentId, stateDir})
  try {
    return previewContext(index, {agentId, atMs: noon, budget: 800, prompt: 'who repairs the boiler'}, tools).document
  } finally {
    await close()
  }
}

describe.each(natsBinaries)('context of a log on a server (nats-server %s)', (binary) => {
  let server: NatsServer
  let location: StoreLocation
  let store: EventStore
  let stateDir = ''

  async function locationOf(url: string): Promise<StoreLocation> {
    return storeSettings({store: url, state: stateDir, env: {}, home: stateDir})
  }

  /** Each in a millisecond of its own: what the server stored in the same one goes or stays together. */
  async function append(more: readonly ClawEvent[]): Promise<void> {
    for (const event of more) {
      await store.append([event])
      for (const stored = Date.now(); Date.now() <= stored + 1; ) await nextTurn()
    }
  }

  beforeAll(async () => {
    server = await startNats({binary})
    stateDir = mkdtempSync(path.join(tmpdir(), 'context-mirror-'))
    location = await locationOf(server.url)
    const admin = await openAdmin(location)
    await admin.apply({})
    await admin.close()
    store = await openStore(location)
    await append(events)
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
    rmSync(stateDir, {recursive: true})
  })

  it('is what the embedded log gives', async () => {
    const file = path.join(stateDir, 'embedded.db')
    const embedded = await locationOf(`sqlite:${file}`)
    const log = await openStore(embedded, {whenMissing: 'create'})
    await log.append(events)
    await log.close()
    const document = await preview(location, stateDir)
    expect(document.items.map(({eventId}) => eventId).toSorted()).toEqual(['a', 'b', 'c', 'n'])
    expect(document).toEqual(await preview(embedded, stateDir))
  })

  it('reads only what is new the next time', async () => {
    await append([replied('Anna was here, the boiler is fine', {id: 'd', ago: 1000})])
    const indexed: number[] = []
    const {index, close} = await openContext(location, {agentId: 'main', stateDir, onProgress: (n) => indexed.push(n)})
    index.read('main', (view) => expect(view.passages).toBe(5))
    await close()
    expect(indexed[0]).toBe(1)
  })

  it('is kept apart for each agent, where only the user can read it', async () => {
    const document = await preview(location, stateDir, 'other')
    expect(document.items.map(({eventId}) => eventId)).toEqual(['secret'])
    const folder = path.join(stateDir, 'claw-events', 'context')
    expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toHaveLength(2)
    expect(statSync(folder).mode & 0o077).toBe(0)
    for (const name of readdirSync(folder)) expect(statSync(path.join(folder, name)).mode & 0o077, name).toBe(0)
  })

  it('forgets what the server no longer holds', async () => {
    const admin = await openAdmin(location)
    const {bytes} = await store.describe()
    await admin.prune({maxBytes: Math.floor(bytes / 2)})
    await admin.close()
    const left: string[] = []
    for await (const {eventId} of store.read({agents: ['main']})) left.push(eventId)
    expect(left.length).toBeLessThan(5)
    const {index, close} = await openContext(location, {agentId: 'main', stateDir})
    index.read('main', (view) => {
      const all = view.latest({kinds: ['message', 'reply', 'memory'], limit: 99, sinceMs: 0, untilMs: noon})
      expect(all.map(({eventId}) => eventId).toSorted()).toEqual(left.toSorted())
    })
    await close()
  })

  async function idsOf(agentId = 'main'): Promise<string[]> {
    const {index, close} = await openContext(location, {agentId, stateDir})
    const kinds = ['message', 'reply', 'memory'] as const
    const ids = index
      .read(agentId, (view) => view.latest({kinds, limit: 99, sinceMs: 0, untilMs: noon}))
      .map(({eventId}) => eventId)
    await close()
    return ids.toSorted()
  }

  it('forgets what was erased from the log, at the latest when the log says so', async () => {
    await append([said('My number is 0151 4711', {id: 'x', ago: hour}), said('It rains', {id: 'y', ago: hour})])
    expect(await idsOf()).toEqual(expect.arrayContaining(['x', 'y']))
    const admin = await openAdmin(location)
    expect(await admin.erase({filter: {text: '4711'}})).toMatchObject({erased: 1})
    await admin.close()
    expect(await idsOf()).not.toContain('x')
    expect(await idsOf()).toContain('y')
    // The record comes before the deletion: what is read in between must not stay.
    const events = [{position: '0', eventId: 'y', digest: ''}]
    const record = makeEvent({type: 'log.erased', agentId: 'system', source: 'cli', data: {erased: 1, events}})
    await append([record])
    expect(await idsOf()).not.toContain('y')
    const folder = path.join(stateDir, 'claw-events', 'context')
    const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'latin1'))
    expect(files.join('')).not.toContain('4711')
  })

  it('does without opening anything when the log has nothing new', async () => {
    await idsOf('other')
    const folder = path.join(stateDir, 'claw-events', 'context')
    const times = () => readdirSync(folder).map((name) => `${name} ${statSync(path.join(folder, name)).mtimeMs}`)
    const {refresh, close} = await openContext(location, {agentId: 'other', stateDir})
    const before = times()
    await refresh({})
    expect(times()).toEqual(before)
    await close()
  })

  it('is made anew with the stream', async () => {
    const admin = await openAdmin(location)
    await admin.remove()
    await admin.apply({})
    expect(await idsOf()).toEqual([])
    await store.close()
    store = await openStore(location)
    await append([said('Everything is new', {id: 'new', ago: hour})])
    expect(await idsOf()).toEqual(['new'])
    await admin.remove()
    await admin.apply({})
    await store.close()
    store = await openStore(location)
    await append([said('And once more', {id: 'newer', ago: hour}), said('And now', {id: 'newest', ago: hour})])
    expect(await idsOf()).toEqual(['newer', 'newest'])
    await admin.close()
  })
})
