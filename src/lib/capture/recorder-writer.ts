import {ClawError, type ErrorCode} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'
import type {EventStore} from '../store/port.ts'
import {isRecordable, plainEvent} from './recordable.ts'
import {createBatchSize} from './recorder-batch-size.ts'
import type {Entry, RecorderQueue} from './recorder-queue.ts'

/** Failures that say nothing about an event: another one would fail as well. */
const outages: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'STORE_UNREACHABLE',
  'STORE_AUTH',
  'STORE_MISSING',
  'STORE_CONFLICT',
  'STORE_LOCKED',
  'STORE_READ_ONLY',
  'STORE_FULL',
  'STORE_CORRUPT',
  'STORE_CLOSED',
  'STORE_URL',
])
/** Of one transaction, roughly in characters: a longer one holds the event loop too long. */
const batchWeight = 512 * 1024

export interface BatchWriterOptions {
  queue: RecorderQueue
  queueLimit: number
  prepare?: (event: ClawEvent) => ClawEvent
  /** Told of events that are in the log now. */
  onWritten: (count: number) => void
  /** Told of each event that cannot be in the log, whatever is done. */
  onLost: (entry: Entry, reason: ErrorCode) => void
}

/** Takes one batch from the queue to the log. When it rejects, the log is at fault; what is not in it waits again. */
export type WriteBatch = (store: EventStore) => Promise<void>

export function createBatchWriter({queue, queueLimit, prepare, onWritten, onLost}: BatchWriterOptions): WriteBatch {
  const batchSize = createBatchSize(queueLimit)

  function makeReady(entry: Entry): boolean {
    if (entry.isReady) return true
    try {
      if (!isRecordable(entry.event)) return false
      if (prepare) entry.event = prepare(entry.event)
      entry.isReady = true
      return true
    } catch {
      return false
    }
  }

  function lose(entry: Entry, reason: ErrorCode, settled: Set<Entry>): void {
    settled.add(entry)
    onLost(entry, reason)
  }

  /** The events of a batch that can go into the log; those that are none are lost, and added to `settled`. */
  function readyOnes(batch: readonly Entry[], settled: Set<Entry>): readonly Entry[] {
    const bad = batch.filter((entry) => !makeReady(entry))
    for (const entry of bad) lose(entry, 'EVENT_INVALID', settled)
    return bad.length === 0 ? batch : batch.filter((entry) => !settled.has(entry))
  }

  /** One event may be what the log cannot take: it alone goes, as soon as another one shows that the log works. */
  async function writeSingly(store: EventStore, batch: readonly Entry[], settled: Set<Entry>): Promise<void> {
    const suspects: Array<{entry: Entry; thrown: unknown}> = []
    let works = false
    for (const entry of batch) {
      try {
        await appendAnyhow(store, entry)
        settled.add(entry)
        onWritten(1)
        works = true
      } catch (thrown) {
        if (isOutage(thrown)) throw thrown
        suspects.push({entry, thrown})
      }
      if (!works) continue
      // At once: an outage further on gives back what is not settled, and that would come behind this one.
      for (const suspect of suspects.splice(0)) lose(suspect.entry, codeOf(suspect.thrown), settled)
    }
    if (suspects.length > 0) throw suspects[0]!.thrown
  }

  return async (store) => {
    const batch = queue.take(batchSize.next(queue.count), batchWeight)
    const settled = new Set<Entry>()
    const good = readyOnes(batch, settled)
    try {
      const start = performance.now()
      await store.append(good.map(({event}) => event))
      batchSize.took(good.length, performance.now() - start)
      onWritten(good.length)
    } catch (thrown) {
      try {
        if (isOutage(thrown)) throw thrown
        await writeSingly(store, good, settled)
      } catch (fault) {
        queue.giveBack(settled)
        throw fault
      }
    }
    queue.done()
  }
}

async function appendAnyhow(store: EventStore, entry: Entry): Promise<void> {
  try {
    await store.append([entry.event])
  } catch (thrown) {
    if (isOutage(thrown)) throw thrown
    entry.event = plainEvent(entry.event)
    await store.append([entry.event])
  }
}

function isOutage(thrown: unknown): boolean {
  return thrown instanceof ClawError && outages.has(thrown.code)
}

function codeOf(thrown: unknown): ErrorCode {
  return thrown instanceof ClawError ? thrown.code : 'STORE_FAILED'
}
