import {createReadStream, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterEach} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import type {ExportOptions} from '../../src/lib/export/export.ts'
import {exportToFile} from '../../src/lib/export/to-file.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {importEvents} from '../../src/lib/import/import.ts'
import {decompressed} from '../../src/lib/input/decompress.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import type {EventStore} from '../../src/lib/store/port.ts'

const undo: Array<() => void> = []

afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})

/** A folder that is gone after the test. */
export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'claw-events-export-'))
  undo.push(() => rmSync(made, {recursive: true, force: true}))
  return made
}

export async function storeOf(events: readonly ClawEvent[]): Promise<EventStore> {
  const store = openMemoryStore()
  await store.append(events)
  return store
}

export const now = () => Date.UTC(2026, 10, 21)

export function save(store: EventStore, file: string, options: Partial<ExportOptions> & {since?: string} = {}) {
  return exportToFile(store, file, {filter: everything, format: 'claw', now, ...options})
}

export function load(file: string, store: EventStore) {
  return importEvents(createReadStream(file), {store, from: file, now})
}

/** The lines of a file, whatever it is compressed by. */
export async function linesIn(file: string): Promise<string[]> {
  const pieces = await Array.fromAsync(decompressed(createReadStream(file)))
  const lines = Buffer.concat(pieces).toString().split('\n')
  if (lines.pop() !== '') throw new Error('the last line is cut off')
  return lines
}

export function json(file: string) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
