import {setImmediate} from 'node:timers/promises'
import type {ClawEvent} from '../event/envelope.ts'
import type {EventStore} from '../store/port.ts'

export interface RecorderOptions {
  store: EventStore
  dryRun?: boolean
  onEvent?: (event: ClawEvent) => void | Promise<void>
}

/** Takes events one by one and appends them in batches, one append at a time, while the next batch is prepared. */
export interface Recorder {
  /** Waits only when a batch is full. */
  add(event: ClawEvent): Promise<void>
  /** Appends what is left and waits for it. */
  finish(): Promise<{appended: number; duplicates: number}>
  /** Waits for an append that is under way, however it ends. */
  settle(): Promise<void>
}

const batchEvents = 500
/** In UTF-16 units of text; a batch holds at most one file event more. */
const batchCharacters = 8 * 1024 * 1024

export function createRecorder({store, dryRun, onEvent}: RecorderOptions): Recorder {
  const total = {appended: 0, duplicates: 0}
  let batch: ClawEvent[] = []
  let characters = 0
  let underWay = Promise.resolve()
  let failure: {error: unknown} | undefined

  async function append(events: readonly ClawEvent[]): Promise<void> {
    try {
      // A dry run is this run without the line that writes.
      const result = dryRun ? {appended: events.length, duplicates: 0} : await store.append(events, {bulk: true})
      total.appended += result.appended
      total.duplicates += result.duplicates
    } catch (error) {
      failure = {error}
    }
  }

  async function flush(): Promise<void> {
    await underWay
    if (failure) throw failure.error
    underWay = append(batch)
    batch = []
    characters = 0
    // An embedded log appends without ever waiting, and then neither signals nor timers would get their turn.
    await setImmediate()
  }

  return {
    async add(event) {
      if (onEvent) await onEvent(event)
      batch.push(event)
      characters += textLength(event)
      if (batch.length >= batchEvents || characters >= batchCharacters) await flush()
    },
    async finish() {
      if (batch.length > 0) await flush()
      await underWay
      if (failure) throw failure.error
      return total
    },
    settle: () => underWay,
  }
}

function textLength({data}: ClawEvent): number {
  return typeof data['text'] === 'string' ? data['text'].length : 0
}
