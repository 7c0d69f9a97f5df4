import {existsSync} from 'node:fs'
import {readFile, rename, writeFile} from 'node:fs/promises'
import type {StoredEvent} from '../event/envelope.ts'
import {withoutPlace} from '../event/without-place.ts'
import type {ReadForIndex} from '../store/context-index.ts'
import {type EventStore, logStart} from '../store/port.ts'

export interface MirrorOptions {
  agentId: string
  read: ReadForIndex
  signal?: AbortSignal
  onProgress?: (done: number) => void
}

const batchEvents = 500

/**
 * Brings a local read model up to date with the server: the agent's events that say something, kept in an embedded log
 * of their own. Where it stopped stands beside it; a run that was cut off reads a batch again, which adds nothing. What
 * the server no longer holds is removed here, too.
 */
export async function mirrorAgent(store: EventStore, file: string, options: MirrorOptions): Promise<void> {
  const {openSqliteStore} = await import('../store/sqlite/store.ts')
  const {first} = await store.describe()
  await forgetExpired(file, first?.storedAt)
  // The times of storage are the server's, so that its retention can be followed: asked for once an event, in order.
  const stamps: number[] = []
  const mirror = await openSqliteStore(file, {now: () => stamps.shift() ?? 0})
  try {
    let from = await readCursor(file)
    let done = 0
    let batch: StoredEvent[] = []
    const flush = async () => {
      const wanted = batch.filter((event) => options.read(event) || event.type === 'context.injected')
      stamps.splice(0, stamps.length, ...wanted.map(({storedAt}) => Date.parse(storedAt)))
      await mirror.append(wanted.map(withoutPlace))
      from = batch.at(-1)?.position ?? from
      await writeCursor(file, from)
      done += batch.length
      batch = []
      options.onProgress?.(done)
    }
    for await (const event of store.read({agents: [options.agentId]}, {from})) {
      options.signal?.throwIfAborted()
      batch.push(event)
      if (batch.length >= batchEvents) await flush()
    }
    if (batch.length > 0) await flush()
  } finally {
    await mirror.close()
  }
}

async function forgetExpired(file: string, firstStoredAt: string | undefined): Promise<void> {
  if (!existsSync(file)) return
  const {openSqliteAdmin} = await import('../store/sqlite/admin.ts')
  const admin = await openSqliteAdmin(file)
  try {
    // A stream without events has expired them all.
    await admin.prune({storedBefore: firstStoredAt === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(firstStoredAt)})
  } finally {
    await admin.close()
  }
}

function cursorPath(file: string): string {
  return `${file}.cursor`
}

async function readCursor(file: string): Promise<string> {
  const path = cursorPath(file)
  return existsSync(path) ? (await readFile(path, 'utf8')).trim() : logStart
}

/** Written beside and renamed, so that it is never half a position. */
async function writeCursor(file: string, position: string): Promise<void> {
  const path = cursorPath(file)
  await writeFile(`${path}.new`, `${position}\n`, {mode: 0o600})
  await rename(`${path}.new`, path)
}
