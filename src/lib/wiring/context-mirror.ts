import {existsSync} from 'node:fs'
import {readFile, rename, rm, writeFile} from 'node:fs/promises'
import type {StoredEvent} from '../event/envelope.ts'
import {isObject} from '../event/json.ts'
import {withoutPlace} from '../event/without-place.ts'
import type {ReadForIndex} from '../store/context-index.ts'
import {erasureType} from '../store/erasure.ts'
import {type EventStore, logStart, type ReadRange} from '../store/port.ts'

export interface MirrorOptions {
  agentId: string
  read: ReadForIndex
  signal?: AbortSignal
  onProgress?: (done: number) => void
}

const batchEvents = 200
/** Ids of erased events that are kept in mind; what was erased before is long gone from the server. */
const mostErased = 500_000

/**
 * Brings a local read model up to date with the server: the agent's events that say something, kept in an embedded log
 * of their own. Where it stopped stands beside it; a run that was cut off reads a batch again, which adds nothing. What
 * the server no longer holds is removed here, too; after an erasure (`log.erased`) the read model is made anew.
 */
export async function mirrorAgent(store: EventStore, file: string, options: MirrorOptions): Promise<void> {
  const {first, last} = await store.describe()
  const head = {position: last?.position ?? logStart, first: first?.storedAt ?? '', last: last?.storedAt ?? ''}
  if (existsSync(file)) {
    const place = await readPlace(file)
    if (place.position === head.position && place.first === head.first) return
    const range = {from: place.position, to: head.position, signal: options.signal}
    if (isContinued(place, head) && (await readErasures(store, range)).count === 0) {
      if (place.first !== head.first) await forgetExpired(file, head.first)
      return await readOn(store, file, {...options, place, head, isErased: () => false})
    }
    await removeMirror(file)
  }
  // An erasure tells of itself before the server carries it out: what it is about must not be read in between.
  const {eventIds} = await readErasures(store, {to: head.position, signal: options.signal})
  await readOn(store, file, {...options, place: start, head, isErased: (eventId) => eventIds.has(eventId)})
}

/** Whether the log is the one that was read before, and still holds some of that. */
function isContinued(place: Place, head: Place): boolean {
  return head.position >= place.position && (place.last === '' || head.first <= place.last)
}

async function readErasures(store: EventStore, range: ReadRange): Promise<{count: number; eventIds: Set<string>}> {
  const eventIds = new Set<string>()
  let count = 0
  if (range.to === logStart) return {count, eventIds}
  for await (const {data} of store.read({types: [erasureType]}, range)) {
    count++
    for (const entry of Array.isArray(data['events']) ? data['events'] : []) {
      const erased = isObject(entry) ? entry['eventId'] : undefined
      if (typeof erased === 'string') eventIds.add(erased)
    }
    for (const oldest of eventIds) {
      if (eventIds.size <= mostErased) break
      eventIds.delete(oldest)
    }
  }
  return {count, eventIds}
}

interface Reading extends MirrorOptions {
  place: Place
  head: Place
  isErased: (eventId: string) => boolean
}

/** Takes in what lies between the place and the head. */
async function readOn(store: EventStore, file: string, reading: Reading): Promise<void> {
  const {agentId, read, signal, onProgress, place, head, isErased} = reading
  const {openSqliteStore} = await import('../store/sqlite/store.ts')
  // The times of storage are the server's, so that its retention can be followed: asked for once an event, in order.
  const stamps: number[] = []
  const mirror = await openSqliteStore(file, {now: () => stamps.shift() ?? 0})
  try {
    let done = 0
    let batch: StoredEvent[] = []
    const isWanted = (event: StoredEvent) =>
      !isErased(event.eventId) && (event.type === 'context.injected' || read(event) !== undefined)
    const flush = async () => {
      const wanted = batch.filter(isWanted)
      stamps.splice(0, stamps.length, ...wanted.map(({storedAt}) => Date.parse(storedAt)))
      await mirror.append(wanted.map(withoutPlace))
      await writePlace(file, {...head, position: batch.at(-1)!.position})
      done += batch.length
      batch = []
      onProgress?.(done)
    }
    const range = {from: place.position, to: head.position, signal}
    const events = head.position === place.position ? [] : store.read({agents: [agentId]}, range)
    for await (const event of events) {
      batch.push(event)
      if (batch.length >= batchEvents) await flush()
    }
    if (batch.length > 0) await flush()
    // What lies between the agent's newest event and the head is of others.
    await writePlace(file, head)
  } finally {
    await mirror.close()
  }
}

async function forgetExpired(file: string, firstStoredAt: string): Promise<void> {
  const {openSqliteAdmin} = await import('../store/sqlite/admin.ts')
  const admin = await openSqliteAdmin(file)
  try {
    await admin.prune({storedBefore: Date.parse(firstStoredAt)})
  } finally {
    await admin.close()
  }
}

/** How far a read model has come in the log, and when the oldest and the newest event were stored that this held then. */
interface Place {
  position: string
  first: string
  last: string
}

const start: Place = {position: logStart, first: '', last: ''}

function placePath(file: string): string {
  return `${file}.cursor`
}

async function readPlace(file: string): Promise<Place> {
  const path = placePath(file)
  if (!existsSync(path)) return start
  const [position = '', first = '', last = ''] = (await readFile(path, 'utf8')).split('\n')
  return {position, first, last}
}

/** Written beside and renamed, so that it is never half a position. */
async function writePlace(file: string, {position, first, last}: Place): Promise<void> {
  const path = placePath(file)
  await writeFile(`${path}.new`, `${position}\n${first}\n${last}\n`, {mode: 0o600})
  await rename(`${path}.new`, path)
}

/** The place goes last: without the log it counts for nothing, and a log without it is read over. */
async function removeMirror(file: string): Promise<void> {
  for (const name of [file, `${file}-wal`, `${file}-shm`, placePath(file)]) await rm(name, {force: true})
}
