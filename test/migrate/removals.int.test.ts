import {describe, expect, it} from 'vitest'
import {areMost, type Removals} from '../../src/lib/migrate/removals.ts'
import {eventsIn, migrate, scenes} from './scene.ts'

const {scene, memoryStore} = scenes()

const sections = (count: number, text = 'as it was') =>
  Array.from({length: count}, (_, index) => `## Topic ${index}\n\n${text} ${index}\n`).join('\n')
const memory = () => ({
  'MEMORY.md': sections(6),
  'memory/2026-03-01.md': sections(5),
  'memory/2026-03-02.md': '# Day\n',
})
/** Three files and eleven sections. */
const known = 14
const unasked = {confirmRemovals: undefined}

describe('what is most of a memory', () => {
  it.each([
    [0, 0, false],
    [1, 1, true],
    [9, 9, true],
    [9, 8, false],
    [10, 5, false],
    [10, 6, true],
    [1000, 500, false],
    [1000, 501, true],
  ])('of %i known, %i removed: %s', (known, removed, most) => {
    expect(areMost({known, removed})).toBe(most)
  })
})

describe('a run from a wrong or empty folder', () => {
  it('records nothing and says with numbers why', async () => {
    const store = memoryStore()
    await migrate(store, scene(memory()).workspace, unasked)
    const before = await eventsIn(store)
    const other = scene({'MEMORY.md': '## Another agent\n\nwith a memory of its own\n'})
    const wrong = [
      [scene().workspace, 'all 14 files and sections'],
      [other.workspace, '13 of the 14 files and sections'],
    ] as const
    for (const [workspace, numbers] of wrong) {
      await expect(migrate(store, workspace, unasked)).rejects.toMatchObject({
        code: 'USAGE',
        exit: 2,
        message: `${numbers} that the log holds of agent main are not in ${workspace}; nothing was recorded`,
        suggestions: expect.arrayContaining([expect.stringContaining('--allow-removals')]),
      })
    }
    expect(await eventsIn(store)).toEqual(before)
  })

  it('records nothing of other agents before it either', async () => {
    const store = memoryStore()
    const {workspace} = scene(memory())
    await migrate(store, workspace, unasked)
    const {migrateWorkspaces} = await import('../../src/lib/migrate/migrate.ts')
    const lock = async () => ({release: async () => undefined})
    const helper = scene({'MEMORY.md': '## New\n\nfor the helper\n'})
    const workspaces = [
      {agentId: 'helper', workspace: helper.workspace},
      {agentId: 'main', workspace: scene().workspace},
    ]
    await expect(migrateWorkspaces(workspaces, {store, lock, now: Date.now})).rejects.toMatchObject({code: 'USAGE'})
    expect((await eventsIn(store)).filter(({agentId}) => agentId === 'helper')).toEqual([])
  })

  it('asks before it writes, and goes on when told to', async () => {
    const store = memoryStore()
    await migrate(store, scene(memory()).workspace, unasked)
    const asked: Array<Removals & {events: number}> = []
    const {workspace} = scene()
    const confirmRemovals = async (removals: Removals) => {
      asked.push({...removals, events: (await eventsIn(store)).length})
    }
    expect(await migrate(store, workspace, {confirmRemovals})).toMatchObject({appended: known, superseded: known})
    expect(asked).toEqual([{agentId: 'main', workspace, known, removed: known, events: known}])
    // Nothing is left that could be removed.
    expect(await migrate(store, workspace, unasked)).toMatchObject({events: 0})
  })
})

describe('a run after edits', () => {
  it('notices files that were emptied in place', async () => {
    const store = memoryStore()
    const {workspace, write} = scene(memory())
    await migrate(store, workspace, unasked)
    for (const file of Object.keys(memory())) write(file, '')
    await expect(migrate(store, workspace, unasked)).rejects.toMatchObject({
      message: expect.stringContaining('11 of the 14 files and sections'),
    })
  })

  it('asks nothing for changed texts, new files, some removals and what cannot be read', async () => {
    const store = memoryStore()
    const {workspace, write, remove} = scene(memory())
    await migrate(store, workspace, unasked)
    write('MEMORY.md', sections(6, 'as it is now'))
    write('memory/2026-03-03.md', sections(3))
    remove('memory/2026-03-01.md')
    expect(await migrate(store, workspace, unasked)).toMatchObject({superseded: 7 + 6, failed: []})
    write('MEMORY.md', new Uint8Array([0xff, 0xfe, 0x00]))
    const {failed} = await migrate(store, workspace, unasked)
    expect(failed.map(({path}) => path)).toEqual(['MEMORY.md'])
  })
})
