import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {type MigrateOptions, type MigrateResult, migrateWorkspace} from '../../src/lib/migrate/migrate.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {asAppended} from '../contracts/event-store/events.ts'

export const noon = Date.parse('2026-11-20T12:00:00.000Z')

/** A workspace in a folder of its own, gone after the test. */
export interface Scene {
  folder: string
  workspace: string
  write(file: string, content: string | Uint8Array): void
  remove(file: string): void
  at(file: string): string
}

/** For each test of the file that calls it: makes scenes and opens stores, and takes them away after the test. */
export function scenes() {
  const undo: Array<() => unknown> = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  function scene(files: Record<string, string> = {}): Scene {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'claw-events-migrate-')))
    undo.push(() => rmSync(folder, {recursive: true}))
    const workspace = path.join(folder, 'workspace')
    const at = (file: string) => path.join(workspace, file)
    mkdirSync(workspace)
    const write = (file: string, content: string | Uint8Array) => {
      mkdirSync(path.dirname(at(file)), {recursive: true})
      writeFileSync(at(file), content)
    }
    for (const [file, text] of Object.entries(files)) write(file, text)
    return {folder, workspace, write, at, remove: (file) => rmSync(at(file), {recursive: true})}
  }

  function opened(store: EventStore): EventStore {
    undo.push(() => store.close())
    return store
  }

  return {
    scene,
    memoryStore: () => opened(openMemoryStore()),
    sqliteStore: async (file: string) => opened(await openSqliteStore(file)),
  }
}

/** One run for the agent `main`, at noon; it may record anything as removed. */
export function migrate(
  store: EventStore,
  workspace: string,
  options: Partial<MigrateOptions & {agentId: string}> = {},
): Promise<MigrateResult> {
  const lock = async () => ({release: async () => undefined})
  const confirmRemovals = () => undefined
  return migrateWorkspace({workspace, agentId: 'main', store, lock, now: () => noon, confirmRemovals, ...options})
}

export async function eventsIn(store: EventStore): Promise<ClawEvent[]> {
  return (await Array.fromAsync(store.read(everything))).map(asAppended)
}

/** What the log says is there now: every event that no other one supersedes, without those that say "gone". */
export function currentOf(events: readonly ClawEvent[]): ClawEvent[] {
  const superseded = new Set(events.map(({metadata}) => metadata?.['supersedes']))
  return events.filter(({eventId, type}) => type !== 'memory.removed' && !superseded.has(eventId))
}

/** Events in few words: `memory.section memory/a.md Tea#0`. */
export function briefly(events: readonly ClawEvent[]): string[] {
  return events.map(({type, data, metadata}) => {
    const {path: file, heading} = data
    const ordinal = metadata?.['ordinal']
    return ordinal === undefined ? `${type} ${file}` : `${type} ${file} ${heading}#${ordinal}`
  })
}
