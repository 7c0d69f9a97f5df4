import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {afterEach} from 'vitest'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import type {EventStore} from '../../../src/lib/store/port.ts'
import type {SqliteStoreOptions} from '../../../src/lib/store/sqlite/store.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'

const undo: Array<() => void | Promise<void>> = []

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** A new folder that is removed after the test. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'claw-events-sqlite-'))
  undo.push(() => rmSync(folder, {recursive: true, force: true}))
  return folder
}

/** The path of a log that is not there yet, in a folder that is removed after the test. */
export function tempPath(): string {
  return join(tempFolder(), 'log', 'events.db')
}

/** Opens a store that is closed after the test. */
export async function openStore(path: string, options?: SqliteStoreOptions): Promise<EventStore> {
  const store = await openSqliteStore(path, options)
  undo.push(() => store.close())
  return store
}

/** A log that holds the events, closed again. */
export async function logWith(events: readonly ClawEvent[], options?: SqliteStoreOptions): Promise<string> {
  const path = tempPath()
  const store = await openSqliteStore(path, options)
  await store.append(events)
  await store.close()
  return path
}

/** What somebody else does to the file, with any SQLite tool. */
export function tamper(path: string, sql: string, ...parameters: Array<string | number | Uint8Array>): void {
  const db = new DatabaseSync(path)
  try {
    db.prepare(sql).run(...parameters)
  } finally {
    db.close()
  }
}

export function query(path: string, sql: string): Array<Record<string, unknown>> {
  const db = new DatabaseSync(path, {readOnly: true})
  try {
    return db.prepare(sql).all()
  } finally {
    db.close()
  }
}
