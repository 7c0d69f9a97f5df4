import {execFileSync} from 'node:child_process'
import {appendFileSync, chmodSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {Worker} from 'node:worker_threads'
import {describe, expect, it} from 'vitest'
import {largestFile, readWholeFile, startReading} from '../../src/lib/migrate/read-file.ts'
import {briefly, currentOf, eventsIn, migrate, type Scene, scenes} from './scene.ts'

const {scene, memoryStore} = scenes()
const outside = 'a symbolic link that leaves the workspace'

interface Fault {
  name: string
  /** Spoils the workspace. */
  spoil(place: Scene): void
  file: string
  reason: string
}

const faults: Fault[] = [
  {
    name: 'a link to a file outside of the workspace',
    spoil: ({folder, at}) => {
      writeFileSync(path.join(folder, 'secret.md'), 'secret')
      symlinkSync('../../secret.md', at('memory/bad.md'))
    },
    file: 'memory/bad.md',
    reason: outside,
  },
  {
    name: 'a link to a folder outside of the workspace',
    spoil: ({folder, at}) => {
      mkdirSync(path.join(folder, 'workspace-2'))
      symlinkSync(path.join(folder, 'workspace-2'), at('memory/bad'))
    },
    file: 'memory/bad',
    reason: outside,
  },
  {
    name: 'a link out of the workspace in the place of life',
    spoil: ({folder, at}) => symlinkSync(folder, at('life')),
    file: 'life/areas',
    reason: outside,
  },
  {
    name: 'a link to nothing',
    spoil: ({at}) => symlinkSync('nothing', at('memory/bad')),
    file: 'memory/bad',
    reason: 'a symbolic link to nothing',
  },
  {
    name: 'a link to itself',
    spoil: ({at}) => symlinkSync('bad.md', at('memory/bad.md')),
    file: 'memory/bad.md',
    reason: 'its symbolic links lead in a circle',
  },
  {
    name: 'a link to a folder around it',
    spoil: ({at}) => symlinkSync('..', at('memory/bad')),
    file: 'memory/bad',
    reason: 'a symbolic link to a folder around it',
  },
  {
    name: 'bytes that are not UTF-8',
    spoil: ({write}) => write('memory/bad.md', Buffer.from([0x23, 0x20, 0xff, 0xfe, 0x0a])),
    file: 'memory/bad.md',
    reason: 'not valid UTF-8',
  },
  {
    name: 'a name that is not UTF-8',
    spoil: ({at}) =>
      writeFileSync(Buffer.concat([Buffer.from(at('memory/bad')), Buffer.from([0xff, 0x2e, 0x6d, 0x64])]), 'x'),
    file: 'memory/bad\ufffd.md',
    reason: 'it is not there any more, or its name is not valid UTF-8',
  },
  {
    name: 'a file that is too large',
    spoil: ({write, at}) => {
      write('memory/bad.md', '')
      truncateSync(at('memory/bad.md'), largestFile + 1)
    },
    file: 'memory/bad.md',
    reason: 'larger than 32 MiB (33554433 bytes)',
  },
  {
    name: 'a named pipe',
    spoil: ({at}) => execFileSync('mkfifo', [at('memory/bad.md')]),
    file: 'memory/bad.md',
    reason: 'not a regular file',
  },
  {
    name: 'a folder in the place of MEMORY.md',
    spoil: ({at}) => mkdirSync(at('MEMORY.md')),
    file: 'MEMORY.md',
    reason: 'not a regular file',
  },
  {
    name: 'broken JSON in a list of facts',
    spoil: ({write}) => write('life/areas/x/items.json', '[{"fact": '),
    file: 'life/areas/x/items.json',
    reason: 'broken JSON: Unexpected end of JSON input',
  },
]

describe('what migrate cannot read', () => {
  it.each(faults)('is reported by name and the rest goes on: $name', async ({spoil, file, reason}) => {
    const place = scene({'memory/2026-03-02.md': '## A\n', 'memory/zzz.md': '## Z\n'})
    spoil(place)
    const store = memoryStore()
    const expected = {files: 2, events: 4, failed: [{path: file, reason}]}
    expect(await migrate(store, place.workspace, {dryRun: true})).toMatchObject({...expected, appended: 4})
    expect(await migrate(store, place.workspace)).toMatchObject({...expected, appended: 4})
    expect(JSON.stringify(await eventsIn(store))).not.toContain('secret')
    expect(await migrate(store, place.workspace)).toMatchObject({...expected, appended: 0})
  })

  it('is not taken for gone, and picked up by the next run', async () => {
    const place = scene({'memory/a/one.md': '## One\n', 'memory/two.md': '## Two\n'})
    const store = memoryStore()
    await migrate(store, place.workspace)
    const before = await eventsIn(store)
    // The folder is away, as a disk that is not mounted, and the other file is spoilt.
    renameSync(place.at('memory/a'), place.at('elsewhere'))
    symlinkSync('/nonexistent/disk', place.at('memory/a'))
    place.write('memory/two.md', Buffer.from([0xff]))
    const result = await migrate(store, place.workspace)
    expect(result).toMatchObject({files: 0, events: 0})
    expect(result.failed.map((failure) => failure.path)).toEqual(['memory/a', 'memory/two.md'])
    expect(await eventsIn(store)).toEqual(before)

    place.remove('memory/a')
    renameSync(place.at('elsewhere'), place.at('memory/a'))
    place.write('memory/two.md', '## Two\n## Three\n')
    expect(await migrate(store, place.workspace)).toMatchObject({files: 2, appended: 2, duplicates: 3, failed: []})
    expect(currentOf(await eventsIn(store)).map(({data}) => data['heading'])).toEqual(['', 'One', 'Two', '', 'Three'])
  })

  it('may be a file or a folder without permission', async () => {
    const place = scene({'memory/a/one.md': '## One\n', 'memory/b.md': '## B\n', 'memory/c.md': '## C\n'})
    chmodSync(place.folder, 0o755)
    const store = memoryStore()
    await migrate(store, place.workspace)
    chmodSync(place.at('memory/a'), 0)
    chmodSync(place.at('memory/b.md'), 0)
    const result = await withoutPrivileges(() => migrate(store, place.workspace))
    expect(result).toMatchObject({
      files: 1,
      appended: 0,
      failed: [
        {path: 'memory/a', reason: 'permission denied'},
        {path: 'memory/b.md', reason: 'permission denied'},
      ],
    })
    chmodSync(place.at('memory/a'), 0o755)
    chmodSync(place.at('memory/b.md'), 0o644)
    expect(await migrate(store, place.workspace)).toMatchObject({files: 3, appended: 0, failed: []})
  })

  it('may be a workspace without permission, which is not an empty one', async () => {
    const place = scene({'MEMORY.md': '## One\n'})
    chmodSync(place.folder, 0o755)
    chmodSync(place.workspace, 0)
    await expect(withoutPrivileges(() => migrate(memoryStore(), place.workspace))).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringContaining('permission denied'),
    })
  })

  it('is a file that somebody is writing', async () => {
    const place = scene({'memory/a.md': '## A\n', 'memory/busy.md': 'x'.repeat(8 * 2 ** 20)})
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const writer = new Worker(
      `const {workerData: {file, stop}, parentPort} = require('node:worker_threads')
       const {appendFileSync} = require('node:fs')
       parentPort.postMessage('writing')
       while (Atomics.wait(stop, 0, 0, 1) === 'timed-out') appendFileSync(file, 'x')`,
      {eval: true, workerData: {file: place.at('memory/busy.md'), stop}},
    )
    await new Promise((resolve) => writer.once('message', resolve))
    const store = memoryStore()
    let result = await migrate(store, place.workspace)
    // Between two of the writer's lines a run can find the file at rest; another one will not.
    while (result.failed.length === 0) result = await migrate(store, place.workspace)
    expect(result).toMatchObject({files: 1, failed: [{path: 'memory/busy.md', reason: 'it changed while it was read'}]})
    const ended = new Promise((resolve) => writer.once('exit', resolve))
    Atomics.store(stop, 0, 1)
    Atomics.notify(stop, 0)
    await ended
    expect(await migrate(store, place.workspace)).toMatchObject({files: 2, failed: []})
  })
})

describe('links within the workspace', () => {
  it('are followed, to files and to folders, each folder once', async () => {
    const place = scene({
      'notes/deep/one.md': '1',
      'notes/deep/pic.png': 'x',
      'other/two.md': '2',
      'memory/real/r.md': 'r',
    })
    symlinkSync('../notes', place.at('memory/a'))
    symlinkSync('../notes/deep', place.at('notes/again'))
    symlinkSync('../notes', place.at('memory/z'))
    symlinkSync('../other/two.md', place.at('memory/two.md'))
    symlinkSync('other/two.md', place.at('MEMORY.md'))
    const store = memoryStore()
    expect((await migrate(store, place.workspace)).failed).toEqual([])
    expect(briefly(await eventsIn(store)).map((line) => line.split(' ')[1])).toEqual([
      'memory/a/again/one.md',
      'memory/a/deep/one.md',
      'memory/real/r.md',
      'memory/two.md',
      'MEMORY.md',
    ])
  })

  it('may stand in the place of the memory folder, and the workspace itself may be one', async () => {
    const place = scene({'notes/one.md': '1', 'people/mara/summary.md': '2'})
    symlinkSync('notes', place.at('memory'))
    mkdirSync(place.at('life'))
    symlinkSync('../people', place.at('life/areas'))
    const workspace = path.join(place.folder, 'link')
    symlinkSync(place.workspace, workspace)
    const store = memoryStore()
    expect(await migrate(store, workspace)).toMatchObject({files: 2, failed: []})
    expect((await eventsIn(store)).map(({data}) => data['path'])).toEqual([
      'memory/one.md',
      'life/areas/mara/summary.md',
    ])
  })
})

describe('reading a file', () => {
  it('takes a file of the largest size', () => {
    const place = scene({'x.md': ''})
    truncateSync(place.at('x.md'), largestFile)
    expect(readWholeFile(place.at('x.md')).text.length).toBe(largestFile)
  })

  it.each([
    ['grew', (file: string) => appendFileSync(file, 'more')],
    ['was written over with as many bytes', (file: string) => writeFileSync(file, 'TEXT')],
  ])('notices that it %s meanwhile', async (_, change) => {
    const place = scene({'x.md': 'text'})
    const reading = startReading(place.at('x.md'))
    expect(reading.hasChanged()).toBe(false)
    // The clock of a file system ticks every few milliseconds.
    while (!reading.hasChanged()) change(place.at('x.md'))
    expect(reading.hasChanged()).toBe(true)
    reading.close()
  })

  it('fails when it became shorter meanwhile', () => {
    const place = scene({'x.md': 'text'})
    const reading = startReading(place.at('x.md'))
    truncateSync(place.at('x.md'), 2)
    expect(() => reading.read()).toThrow('it changed while it was read')
    reading.close()
  })

  it('does not follow a link that took the file’s place', () => {
    const place = scene({'x.md': 'text'})
    symlinkSync('x.md', place.at('link.md'))
    expect(() => readWholeFile(place.at('link.md'))).toThrow()
  })
})

/** As an ordinary user: root may read everything. */
async function withoutPrivileges<T>(act: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return act()
  process.seteuid?.(65_534)
  try {
    return await act()
  } finally {
    process.seteuid?.(0)
  }
}
