import {setImmediate} from 'node:timers/promises'
import type {StoredEvent} from '../event/envelope.ts'
import type {EventStore} from '../store/port.ts'
import {createPartTable} from './part-table.ts'
import type {KnownPart} from './places.ts'

/** What the log tells of one memory file. */
export interface KnownFile {
  /** Undefined: the log holds none of its file events any more. */
  eventId?: string
  /** Undefined: gone, and `eventId` is the event that says so. */
  sha256?: string
  parts: KnownPart[]
}

/** What an earlier migration left in the log: the one truth about what is new, changed or gone. */
export interface Ledger {
  /** What is known of a path. */
  peek(path: string): KnownFile
  /** The same; it is forgotten with that. */
  take(path: string): KnownFile
  /** The paths that were not taken, in log order. */
  paths(): string[]
}

/** Between two turns of the event loop: some tens of milliseconds. */
const eventsPerTurn = 2048

interface FileRow {
  eventId?: string
  sha256?: string
  lastPart: number
}

/** Reads back all that migrations of this agent's memory recorded. About 100 bytes a section stay in memory. */
export async function readLedger(store: EventStore, agentId: string, signal?: AbortSignal): Promise<Ledger> {
  const files = new Map<string, FileRow>()
  const parts = createPartTable()

  function rowOf(path: string): FileRow {
    const row = files.get(path) ?? {lastPart: -1}
    files.set(path, row)
    return row
  }

  let events = 0
  for await (const event of store.read({types: ['memory.*'], agents: [agentId]})) {
    // An embedded log reads without ever waiting: signals and the lock's own timer need their turn.
    if (++events % eventsPerTurn === 0) await setImmediate()
    signal?.throwIfAborted()
    const entry = entryOf(event)
    if (!entry) continue
    const {path, ordinal, eventId, sha256, heading} = entry
    const row = rowOf(path)
    if (ordinal === undefined) Object.assign(row, {eventId, sha256})
    else row.lastPart = parts.add({heading, ordinal, eventId, sha256}, row.lastPart)
  }

  function peek(path: string): KnownFile {
    const {lastPart, ...file} = files.get(path) ?? {lastPart: -1}
    return {...file, parts: parts.latest(lastPart)}
  }

  return {
    peek,
    take(path) {
      const file = peek(path)
      files.delete(path)
      return file
    },
    paths: () => [...files.keys()],
  }
}

interface Entry {
  path: string
  eventId: string
  sha256: string | undefined
  heading: string
  /** Undefined: it is about the whole file. */
  ordinal: number | undefined
}

/** What one event tells; undefined for memory that did not come in by a migration. */
function entryOf({eventId, source, type, data, metadata}: StoredEvent): Entry | undefined {
  if (source !== 'migration' || metadata === undefined || !isContentId(eventId)) return undefined
  const {sourcePath: path, sha256, ordinal} = metadata
  const heading = ordinal === undefined ? '' : data['heading']
  if (typeof path !== 'string' || typeof heading !== 'string') return undefined
  if (ordinal !== undefined && !isOrdinal(ordinal)) return undefined
  if (type === 'memory.removed') return {path, eventId, sha256: undefined, heading, ordinal}
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
    ? {path, eventId, sha256, heading, ordinal}
    : undefined
}

/** Whether `contentId` can have made it: what another tool calls a migration is not ours to supersede. */
function isContentId(eventId: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(eventId)
}

function isOrdinal(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32
}
