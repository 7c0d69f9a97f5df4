import {spawn} from 'node:child_process'
import {once} from 'node:events'
import path from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {edit, editable, linesIn} from './edits.ts'
import {eventsIn, migrate, noon, scenes} from './scene.ts'

const {scene, memoryStore, sqliteStore} = scenes()

/** The store of a process that is killed once `left` more events are durable. */
function dying(store: EventStore, left: number): EventStore {
  return {
    ...store,
    async append(events, options) {
      const result = await store.append(events.slice(0, left), options)
      if (events.length > left) throw new Error('killed')
      left -= events.length
      return result
    },
  }
}

async function copyOf(store: EventStore): Promise<EventStore> {
  const copy = memoryStore()
  await copy.append(await eventsIn(store))
  return copy
}

function byId(events: readonly ClawEvent[]): ClawEvent[] {
  return events.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1))
}

describe('a migration that ends anywhere and runs again', () => {
  it('leaves exactly the events of one clean run, of a new workspace and of every later edit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, {minLength: 1, maxLength: 4}), async (changes) => {
        const place = scene()
        const workspace = editable(place)
        const clean = memoryStore()
        for (const change of changes) {
          workspace.apply(change)
          const before = await copyOf(clean)
          const {appended} = await migrate(clean, place.workspace)
          const expected = byId(await eventsIn(clean))
          for (let position = 0; position < appended; position++) {
            const store = await copyOf(before)
            await expect(migrate(dying(store, position), place.workspace)).rejects.toThrow('killed')
            expect(await migrate(store, place.workspace)).toMatchObject({appended: appended - position})
            expect(byId(await eventsIn(store))).toEqual(expected)
          }
        }
      }),
      {numRuns: 25},
    )
  })

  it('leaves them also when it ends again and again', async () => {
    await fc.assert(
      fc.asyncProperty(edit, edit, fc.array(fc.nat(6), {maxLength: 6}), async (first, second, positions) => {
        const place = scene()
        const workspace = editable(place)
        const [clean, store] = [memoryStore(), memoryStore()]
        for (const change of [first, second]) {
          workspace.apply(change)
          await migrate(clean, place.workspace)
          for (const position of positions) {
            await migrate(dying(store, position), place.workspace).catch((error: Error) => {
              if (error.message !== 'killed') throw error
            })
          }
          await migrate(store, place.workspace)
          expect(byId(await eventsIn(store))).toEqual(byId(await eventsIn(clean)))
        }
      }),
      {numRuns: 100},
    )
  })

  it('leaves a log that tells the truth also when files were edited before it ran again', async () => {
    await fc.assert(
      fc.asyncProperty(edit, edit, edit, fc.nat(12), async (first, second, third, position) => {
        const place = scene()
        const workspace = editable(place)
        const store = memoryStore()
        workspace.apply(first)
        await migrate(store, place.workspace)
        workspace.apply(second)
        await migrate(dying(store, position), place.workspace).catch((error: Error) => {
          if (error.message !== 'killed') throw error
        })
        workspace.apply(third)
        await migrate(store, place.workspace)
        expect(linesIn(await eventsIn(store))).toEqual(workspace.lines())
        expect(await migrate(store, place.workspace)).toMatchObject({appended: 0})
      }),
      {numRuns: 150},
    )
  })

  it('leaves them in the embedded log when its process is killed', async () => {
    const place = scene()
    const note = (n: number, word: string) =>
      Array.from({length: 20}, (_, s) => `## Topic ${s % 15}\n\n${s % 3 === 0 ? word : n} ${s}\n`).join('\n')
    const write = (word: string) => {
      for (let n = 0; n < 100; n++) place.write(`memory/n-${n}.md`, note(n, word))
    }
    const clean = await sqliteStore(path.join(place.folder, 'clean.db'))
    const killed = path.join(place.folder, 'killed.db')
    // A log of 2100 events, then one in which a third of them is superseded and one file is gone.
    for (const [word, moments] of [
      ['tea', [1, 501, 777, 1400, 2099]],
      ['coffee', [1, 499, 750]],
    ] as const) {
      write(word)
      if (word === 'coffee') place.remove('memory/n-50.md')
      await migrate(clean, place.workspace)
      for (const moment of moments) await killAfter(moment, place.workspace, killed)
      const store = await sqliteStore(killed)
      await migrate(store, place.workspace)
      expect(byId(await eventsIn(store))).toEqual(byId(await eventsIn(clean)))
      expect(await migrate(store, place.workspace)).toMatchObject({appended: 0})
      await store.close()
    }
  }, 120_000)
})

/** Migrates in a process of its own, which is killed when it has told of `events` events, if it lives that long. */
async function killAfter(events: number, workspace: string, database: string): Promise<void> {
  const script = path.join(import.meta.dirname, 'migrate-child.ts')
  const child = spawn(process.execPath, [script, workspace, database, String(noon)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = 0
  child.stdout.on('data', (dots: Buffer) => {
    told += dots.length
    if (told >= events) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the migration ended with ${code}`)
}
