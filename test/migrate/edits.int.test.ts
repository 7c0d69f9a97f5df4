import path from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {EventStore} from '../../src/lib/store/port.ts'
import {edit, editable, linesIn} from './edits.ts'
import {eventsIn, migrate, type Scene, scenes} from './scene.ts'

const {scene, memoryStore, sqliteStore} = scenes()

describe.each([
  ['memory', 60, async () => memoryStore()],
  ['SQLite', 15, (place: Scene) => sqliteStore(path.join(place.folder, 'events.db'))],
] satisfies Array<[string, number, (place: Scene) => Promise<EventStore>]>)(
  'a workspace that lives, in the %s store',
  (_, numRuns, open) => {
    it('is what the log says it is after every run, and no event is in the log that needs not be', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(edit, {minLength: 1, maxLength: 8}), async (changes) => {
          const place = scene()
          const store = await open(place)
          const workspace = editable(place)
          for (const change of changes) {
            workspace.apply(change)
            const before = await eventsIn(store)
            const result = await migrate(store, place.workspace)
            const after = await eventsIn(store)
            expect(linesIn(after)).toEqual(workspace.lines())
            expect(result.events).toBe(result.appended + result.duplicates)
            expect(result.appended).toBe(after.length - before.length)
            expect(new Set(after.map(({eventId}) => eventId)).size).toBe(after.length)
            const named = after.map(({metadata}) => metadata?.['supersedes']).filter((id) => id !== undefined)
            expect(new Set(named).size).toBe(named.length)
            expect(await migrate(store, place.workspace)).toMatchObject({appended: 0, superseded: 0})
          }
        }),
        {numRuns},
      )
    })
  },
)
