import {createHash} from 'node:crypto'
import {mkdirSync, utimesSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {ClawError} from '../../src/lib/errors.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {migrateWorkspaces} from '../../src/lib/migrate/migrate.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteAdmin} from '../../src/lib/store/sqlite/admin.ts'
import {event} from '../contracts/event-store/events.ts'
import {briefly, currentOf, eventsIn, migrate, noon, type Scene, scenes} from './scene.ts'

const {scene, memoryStore, sqliteStore} = scenes()

const note = '# Monday\n\nRain.\n\n## Morning\n\nTea.\n\n## Evening\n\nMore tea.\n'

describe.each([
  ['memory', async () => memoryStore()],
  ['SQLite', (place: Scene) => sqliteStore(path.join(place.folder, 'events.db'))],
] satisfies Array<[string, (place: Scene) => Promise<EventStore>]>)('migrate into the %s store', (_, open) => {
  it('makes one event of a file and one of each section, nothing cut off', async () => {
    const place = scene({'memory/2026-03-02.md': note})
    const store = await open(place)
    expect(await migrate(store, place.workspace)).toEqual({
      files: 1,
      events: 3,
      appended: 3,
      duplicates: 0,
      superseded: 0,
      failed: [],
    })
    const [file, morning, evening] = await eventsIn(store)
    expect(file).toEqual({
      eventId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      schemaVersion: '1.2.0',
      timestamp: '2026-03-02T00:00:00.000Z',
      type: 'memory.daily_note',
      eventCategory: 'memory',
      eventName: 'memory.file',
      source: 'migration',
      agentId: 'main',
      correlationId: file?.eventId,
      visibility: 'internal',
      data: {path: 'memory/2026-03-02.md', heading: 'Monday', text: note},
      metadata: {
        sourcePath: 'memory/2026-03-02.md',
        line: 1,
        sha256: sha256(note),
        timeFrom: 'file-name',
        entry: {how: 'migration'},
      },
    })
    expect(morning).toMatchObject({
      type: 'memory.section',
      eventName: 'memory.section',
      timestamp: '2026-03-02T00:00:00.000Z',
      correlationId: file?.eventId,
      data: {path: 'memory/2026-03-02.md', heading: 'Morning', text: '## Morning\n\nTea.\n\n'},
      metadata: {line: 5, ordinal: 0, sha256: sha256('## Morning\n\nTea.\n\n')},
    })
    expect(evening).toMatchObject({data: {heading: 'Evening', text: '## Evening\n\nMore tea.\n'}, metadata: {line: 9}})
  })

  it('adds nothing when it runs again, also when the files were only touched', async () => {
    const place = scene({'memory/2026-03-02.md': note, 'MEMORY.md': '# Me\n## Rules\nBe kind.\n'})
    const store = await open(place)
    await migrate(store, place.workspace)
    const before = await eventsIn(store)
    utimesSync(place.at('MEMORY.md'), 1, 1)
    expect(await migrate(store, place.workspace)).toEqual({
      files: 2,
      events: 5,
      appended: 0,
      duplicates: 5,
      superseded: 0,
      failed: [],
    })
    expect(await eventsIn(store)).toEqual(before)
  })

  it('adds for a changed section its event and the file’s, each naming what it supersedes', async () => {
    const place = scene({'memory/2026-03-02.md': note})
    const store = await open(place)
    await migrate(store, place.workspace)
    const [file, , evening] = await eventsIn(store)
    place.write('memory/2026-03-02.md', note.replace('More tea', 'No tea'))
    expect(await migrate(store, place.workspace)).toMatchObject({events: 3, appended: 2, duplicates: 1, superseded: 2})
    const added = (await eventsIn(store)).slice(3)
    expect(briefly(added)).toEqual([
      'memory.daily_note memory/2026-03-02.md',
      'memory.section memory/2026-03-02.md Evening#0',
    ])
    expect(added.map(({metadata}) => metadata?.['supersedes'])).toEqual([file?.eventId, evening?.eventId])
    expect(new Set(added.map(({correlationId}) => correlationId))).toEqual(new Set([added[0]?.eventId]))
  })

  it('adds only the file’s event when lines move, and nothing for the sections that moved with them', async () => {
    const place = scene({'memory/2026-03-02.md': note})
    const store = await open(place)
    await migrate(store, place.workspace)
    place.write('memory/2026-03-02.md', note.replace('Rain.', 'Rain.\n\nAnd wind.'))
    expect(await migrate(store, place.workspace)).toMatchObject({events: 3, appended: 1, superseded: 1})
  })

  it('says that a section is gone, and of a file that it and all its sections are', async () => {
    const place = scene({'memory/2026-03-02.md': note, 'memory/2026-03-03.md': '## A\n## B\n'})
    const store = await open(place)
    await migrate(store, place.workspace)
    const before = await eventsIn(store)
    place.write('memory/2026-03-02.md', note.slice(0, note.indexOf('## Evening')))
    place.remove('memory/2026-03-03.md')
    expect(await migrate(store, place.workspace)).toMatchObject({files: 1, appended: 5, duplicates: 1, superseded: 5})
    const added = (await eventsIn(store)).slice(before.length)
    expect(briefly(added)).toEqual([
      'memory.daily_note memory/2026-03-02.md',
      'memory.removed memory/2026-03-02.md Evening#0',
      'memory.removed memory/2026-03-03.md A#0',
      'memory.removed memory/2026-03-03.md B#0',
      'memory.removed memory/2026-03-03.md',
    ])
    const [, , evening, file, first, second] = before.map(({eventId}) => eventId)
    expect(added.slice(1).map(({metadata}) => metadata?.['supersedes'])).toEqual([evening, first, second, file])
    expect(added[4]).toMatchObject({
      timestamp: new Date(noon).toISOString(),
      data: {removedType: 'memory.daily_note', text: ''},
    })
    expect(await migrate(store, place.workspace)).toMatchObject({appended: 0, duplicates: 2})
  })

  it('makes new events of content that returns, however often', async () => {
    const place = scene()
    const store = await open(place)
    const versions = ['## Tea\nGreen.\n', '## Tea\nBlack.\n', undefined]
    for (let round = 0; round < 9; round++) {
      const text = versions[round % 3]
      if (text === undefined) place.remove('MEMORY.md')
      else place.write('MEMORY.md', text)
      expect(await migrate(store, place.workspace)).toMatchObject({appended: 2, superseded: round === 0 ? 0 : 2})
      expect(currentOf(await eventsIn(store)).map(({data}) => data['text'])).toEqual(
        text === undefined ? [] : [text, text],
      )
    }
    const ids = (await eventsIn(store)).map(({eventId}) => eventId)
    expect(new Set(ids).size).toBe(18)
  })

  it('writes the events that a dry run shows, and a dry run writes none', async () => {
    const place = scene({
      'memory/2026-03-02.md': note,
      'MEMORY.md': '## A\n## A\n',
      'life/areas/people/m/items.json': '["x"]',
    })
    const store = await open(place)
    const dryThenReal = async () => {
      const shown: ClawEvent[] = []
      const before = await eventsIn(store)
      const foreseen = await migrate(store, place.workspace, {
        dryRun: true,
        onEvent: (one) => void shown.push(one),
        lock: () => Promise.reject(new Error('a dry run takes no lock')),
      })
      expect(await eventsIn(store)).toEqual(before)
      expect(await migrate(store, place.workspace)).toEqual(foreseen)
      expect((await eventsIn(store)).slice(before.length)).toEqual(shown)
      return shown.length
    }
    expect(await dryThenReal()).toBe(8)
    place.write('MEMORY.md', '## A\n## B\n')
    place.remove('memory/2026-03-02.md')
    expect(await dryThenReal()).toBe(6)
    expect(await dryThenReal()).toBe(0)
  })

  it('keeps agents that share a workspace apart', async () => {
    const place = scene({'MEMORY.md': '## A\n'})
    const store = await open(place)
    await migrate(store, place.workspace)
    expect(await migrate(store, place.workspace, {agentId: 'a.b *>'})).toMatchObject({appended: 2})
    place.write('MEMORY.md', '## B\n')
    expect(await migrate(store, place.workspace)).toMatchObject({appended: 3})
    expect(await migrate(store, place.workspace, {agentId: 'a.b *>', dryRun: true})).toMatchObject({
      appended: 3,
      superseded: 2,
    })
  })

  it('takes only migrated memory for its own', async () => {
    const place = scene({'MEMORY.md': '## A\n'})
    const store = await open(place)
    const metadata = {sourcePath: 'memory/gone.md', sha256: '0'.repeat(64)}
    const data = {path: 'memory/gone.md', heading: '', text: ''}
    await store.append([
      event('e-1', {type: 'memory.daily_note', source: 'plugin-hook', data, metadata}),
      event('e-2', {type: 'memory.daily_note', source: 'migration', data, metadata}),
      event('00000000-0000-8000-8000-000000000001', {type: 'memory.daily_note', source: 'migration', data}),
    ])
    expect(await migrate(store, place.workspace)).toMatchObject({events: 2, appended: 2})
  })

  it('knows again what the store had to cut', async () => {
    const long = 'long '.repeat(1_200_000)
    const place = scene({'MEMORY.md': `## ${'h'.repeat(2_000_000)}\n${long}\n## B\n`})
    const store = await open(place)
    expect(await migrate(store, place.workspace)).toMatchObject({appended: 3})
    const [file, section] = await eventsIn(store)
    expect(file?.metadata?.['truncated']).toMatchObject([{path: '/data/text'}])
    expect(section?.data['heading']).toBe('h'.repeat(1024))
    expect(await migrate(store, place.workspace)).toMatchObject({appended: 0, duplicates: 3})
    place.write('MEMORY.md', `## ${'h'.repeat(2_000_000)}\n${long}\n`)
    expect(await migrate(store, place.workspace)).toMatchObject({appended: 2, superseded: 2})
    expect(currentOf(await eventsIn(store)).length).toBe(2)
  })

  it('migrates many files in many batches, in order', async () => {
    const files = Array.from({length: 700}, (__, n) => [
      `memory/n-${String(n).padStart(3, '0')}.md`,
      `# ${n}\n## One\n`,
    ])
    const place = scene(Object.fromEntries(files))
    const store = await open(place)
    const progress: number[] = []
    const onProgress = ({filesDone, filesTotal}: {filesDone: number; filesTotal: number}) => {
      expect(filesTotal).toBe(700)
      progress.push(filesDone)
    }
    expect(await migrate(store, place.workspace, {onProgress})).toMatchObject({files: 700, appended: 1400})
    expect(progress).toEqual(Array.from({length: 700}, (__, n) => n + 1))
    expect((await eventsIn(store)).filter(({type}) => type !== 'memory.section').map(({data}) => data['path'])).toEqual(
      files.map(([name]) => name),
    )
  })
})

describe('migrate', () => {
  it('knows what kind of memory a path holds, and leaves alone what is none', async () => {
    const place = scene({
      'memory/2026-03-02-tea.md': 'a',
      'memory/projects/tea.MD': 'a',
      'memory/.obsidian/x.md': 'no',
      'memory/.draft.md': 'no',
      'memory/heartbeat.json': '{}',
      'MEMORY.md': 'a',
      'AGENTS.md': 'no',
      'life/areas/people/mara/summary.md': 'a',
      'life/areas/people/mara/items.json': '[]',
      'life/areas/people/mara/photo.json': 'no',
      'life/archives/old.md': 'no',
    })
    const store = memoryStore()
    await migrate(store, place.workspace)
    expect(briefly(await eventsIn(store))).toEqual([
      'memory.daily_note memory/2026-03-02-tea.md',
      'memory.daily_note memory/projects/tea.MD',
      'memory.long_term MEMORY.md',
      'memory.entity life/areas/people/mara/items.json',
      'memory.entity life/areas/people/mara/summary.md',
    ])
  })

  it('takes the time from the name, else from the front matter, else from the file’s own', async () => {
    const place = scene({
      'memory/2026-03-02-tea.md': '---\ndate: 2020-01-01\n---\n## A\n',
      'memory/walk.md': '---\ndate: 2026-03-03T10:30:00+01:00\ntags: [a]\n---\n## A\n',
      'memory/zoo.md': '## A\n',
      'memory/zzz.md': '---\ntitle: "open\n---\n## A\n',
    })
    for (const file of ['memory/zoo.md', 'memory/zzz.md']) utimesSync(place.at(file), noon / 1000, noon / 1000)
    const store = memoryStore()
    await migrate(store, place.workspace)
    const events = await eventsIn(store)
    expect(events.map(({timestamp, metadata}) => `${timestamp} ${metadata?.['timeFrom']}`)).toEqual([
      '2026-03-02T00:00:00.000Z file-name',
      '2026-03-02T00:00:00.000Z file-name',
      '2026-03-03T09:30:00.000Z front-matter',
      '2026-03-03T09:30:00.000Z front-matter',
      '2026-11-20T12:00:00.000Z mtime',
      '2026-11-20T12:00:00.000Z mtime',
      '2026-11-20T12:00:00.000Z mtime',
      '2026-11-20T12:00:00.000Z mtime',
    ])
    expect(events[2]?.data['frontMatter']).toEqual({date: '2026-03-03T10:30:00+01:00', tags: ['a']})
    expect(events[6]?.metadata?.['frontMatterFault']).toMatch(/^Missing closing/)
    // The time that begins an id is content; a modification time is not.
    expect(events.map(({eventId}) => eventId.startsWith('00000000-0000-'))).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
      true,
      true,
    ])
  })

  it('makes an event of each fact, whole, and follows a fact by its id', async () => {
    const fact = {id: 'm-1', fact: 'Drinks Sencha', timestamp: '2026-02-18', status: 'active'}
    const facts = [fact, {fact: 'Is tall'}, {fact: 'Is tall'}, 'Sings']
    const place = scene({'life/areas/people/mara/items.json': JSON.stringify(facts, null, 2)})
    const store = memoryStore()
    expect(await migrate(store, place.workspace)).toMatchObject({files: 1, events: 5})
    const [, first, tall, tallAgain, sings] = await eventsIn(store)
    expect(first).toMatchObject({
      type: 'memory.section',
      timestamp: '2026-02-18T00:00:00.000Z',
      data: {path: 'life/areas/people/mara/items.json', heading: 'm-1', text: 'Drinks Sencha', fact},
      metadata: {line: 2, ordinal: 0, timeFrom: 'fact', sha256: sha256(JSON.stringify(fact))},
    })
    expect([tall, tallAgain, sings].map((one) => [one?.data['text'], one?.metadata?.['ordinal']])).toEqual([
      ['Is tall', 0],
      ['Is tall', 1],
      ['Sings', 2],
    ])
    place.write(
      'life/areas/people/mara/items.json',
      JSON.stringify([...facts.slice(1), {...fact, status: 'superseded'}]),
    )
    expect(await migrate(store, place.workspace)).toMatchObject({events: 5, appended: 2, superseded: 2})
    expect((await eventsIn(store)).at(-1)?.metadata?.['supersedes']).toBe(first?.eventId)
  })

  it('takes unicode in paths as the file system spells it, and spaces, line ends and a BOM as they are', async () => {
    const [composed, decomposed] = ['memory/caf\u00e9 notes.md', 'memory/cafe\u0301 notes.md']
    const text = '\ufeff---\r\ntitle: Tea\r\n---\r\n# Café\r\n\r\n## Über\r\nTee.\r\n'
    const place = scene({[composed]: text, [decomposed]: text})
    const store = memoryStore()
    expect(await migrate(store, place.workspace)).toMatchObject({files: 2, events: 4})
    const events = await eventsIn(store)
    expect(new Set(events.map(({data}) => data['path']))).toEqual(new Set([composed, decomposed]))
    expect(events[0]).toMatchObject({
      data: {heading: 'Café', text, frontMatter: {title: 'Tea'}},
      metadata: {sha256: sha256(text)},
    })
    expect(events[1]).toMatchObject({data: {heading: 'Über', text: '## Über\r\nTee.\r\n'}, metadata: {line: 6}})
    expect(await migrate(store, place.workspace)).toMatchObject({appended: 0})
  })

  it('finds nothing in a workspace without memory, and says so kindly', async () => {
    const nothing = {files: 0, events: 0, appended: 0, duplicates: 0, superseded: 0, failed: []}
    expect(await migrate(memoryStore(), scene({'AGENTS.md': 'x'}).workspace)).toEqual(nothing)
  })

  it.each([
    ['is not there', 'no-such-folder', 'there is no such folder'],
    ['is a file', 'AGENTS.md', 'it is not a folder'],
  ])('refuses a workspace that %s, before it takes the lock', async (_, name, reason) => {
    const place = scene({'AGENTS.md': 'x'})
    const workspace = place.at(name)
    const lock = () => Promise.reject(new Error('locked'))
    await expect(migrate(memoryStore(), workspace, {lock})).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      exit: 2,
      message: `cannot read the workspace ${workspace}: ${reason}`,
    })
  })

  it.each([
    ['is empty', ''],
    ['is too long for a log', 'x'.repeat(257)],
  ])('refuses an agent id that %s', async (_, agentId) => {
    await expect(migrate(memoryStore(), scene().workspace, {agentId})).rejects.toThrow(ClawError)
  })

  it('adds up the memory of several agents and reports the workspace that is missing', async () => {
    const [one, two] = [
      scene({'MEMORY.md': '## A\n'}),
      scene({'MEMORY.md': '## A\n## B\n', 'life/areas/x/items.json': '{'}),
    ]
    const store = memoryStore()
    const missing = path.join(two.folder, 'missing')
    const workspaces = [
      {agentId: 'main', workspace: one.workspace},
      {agentId: 'work', workspace: two.workspace},
      {agentId: 'lost', workspace: missing},
    ]
    const lock = async () => ({release: async () => undefined})
    expect(await migrateWorkspaces(workspaces, {store, lock, now: () => noon})).toMatchObject({
      files: 2,
      events: 5,
      appended: 5,
      failed: [
        {path: missing, reason: 'there is no such folder'},
        {path: `${two.workspace}/life/areas/x/items.json`, reason: expect.stringContaining('broken JSON')},
      ],
    })
  })

  it('waits for nobody who migrates already, but says who it is', async () => {
    const place = scene({'MEMORY.md': '## A\n'})
    const file = path.join(place.folder, 'events.db')
    const store = await sqliteStore(file)
    const [one, two] = [await openSqliteAdmin(file), await openSqliteAdmin(file)]
    const held = await one.lock('migrate')
    await expect(migrate(store, place.workspace, {lock: () => two.lock('migrate')})).rejects.toMatchObject({
      code: 'LOCK_HELD',
    })
    expect(await migrate(store, place.workspace, {dryRun: true, lock: () => two.lock('migrate')})).toMatchObject({
      appended: 2,
    })
    await held.release()
    expect(await migrate(store, place.workspace, {lock: () => two.lock('migrate')})).toMatchObject({appended: 2})
    // The lock is free again.
    await (await one.lock('migrate')).release()
    await one.close()
    await two.close()
  })

  it('holds the lock from before its first look at the log until all is written', async () => {
    const place = scene({'MEMORY.md': '## A\n'})
    const store = memoryStore()
    const steps: string[] = []
    const watched: EventStore = {
      ...store,
      read: (...call) => {
        steps.push('read')
        return store.read(...call)
      },
      append: async (...call) => {
        const result = await store.append(...call)
        steps.push('appended')
        return result
      },
    }
    const lock = async () => {
      steps.push('locked')
      return {release: async () => void steps.push('released')}
    }
    await migrate(watched, place.workspace, {lock})
    expect(steps).toEqual(['locked', 'read', 'appended', 'released'])
  })

  it('releases the lock and tells why when the store fails', async () => {
    const place = scene({'MEMORY.md': '## A\n'})
    const steps: string[] = []
    const full = new ClawError('STORE_FULL', 'the disk is full')
    const store: EventStore = {...memoryStore(), append: () => Promise.reject(full)}
    const lock = async () => ({release: async () => void steps.push('released')})
    await expect(migrate(store, place.workspace, {lock})).rejects.toBe(full)
    expect(steps).toEqual(['released'])
  })

  it('stops when it is told to, and the next run completes it', async () => {
    const place = scene()
    for (let n = 0; n < 200; n++) place.write(`memory/n-${n}.md`, '## A\n## B\n## C\n## D\n')
    const store = memoryStore()
    const stop = new AbortController()
    const onProgress = ({filesDone}: {filesDone: number}) => filesDone === 150 && stop.abort()
    await expect(migrate(store, place.workspace, {signal: stop.signal, onProgress})).rejects.toMatchObject({
      name: 'AbortError',
    })
    const stored = (await eventsIn(store)).length
    expect(stored).toBe(500)
    expect(await migrate(store, place.workspace)).toMatchObject({events: 1000, appended: 500, duplicates: 500})
  })

  it('lets timers and signals have their turn while it runs', async () => {
    const place = scene()
    mkdirSync(place.at('memory'))
    for (let n = 0; n < 200; n++) place.write(`memory/n-${n}.md`, 'x')
    let turns = 0
    let isRunning = true
    const count = () => {
      turns++
      if (isRunning) setImmediate(count)
    }
    setImmediate(count)
    const turnsByFile: number[] = []
    await migrate(memoryStore(), place.workspace, {onProgress: () => void turnsByFile.push(turns)})
    isRunning = false
    expect(new Set(turnsByFile).size).toBeGreaterThanOrEqual(3)
  })
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
