import type {StoredEvent} from '../../event/envelope.ts'
import type {CompiledBridgeRule} from './rules.ts'

/** One action that is to be started for an event. */
export interface Job {
  rule: CompiledBridgeRule
  event: StoredEvent
  /** Failed tries before this one. */
  attempts: number
}

export interface QueueOptions {
  concurrency: number
  maxPending: number
  dropPolicy: 'drop_oldest' | 'drop_newest'
  /** Runs a job. Never rejects. */
  run(job: Job): Promise<void>
  /** A job that will not be run: its queue was full. */
  onDrop(job: Job): void
  /** An event that a waiting job of the same key stands for now. */
  onCoalesced(event: StoredEvent, by: Job): void
}

export interface JobQueue {
  /** Takes a job in, or merges it with one that waits for the same key. */
  push(job: Job, now: number): void
  readonly pending: number
  readonly running: number
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>
  /** Starts nothing more; what waits stays undone. */
  stop(): void
}

interface Waiting {
  job: Job
  key: string | undefined
  /** Epoch milliseconds until which others are merged into it. */
  mergesUntil: number
}

/** Jobs that wait in order, up to a limit, and run a few at a time. */
export function createJobQueue(options: QueueOptions): JobQueue {
  const {concurrency, maxPending, dropPolicy, run, onDrop, onCoalesced} = options
  const waiting: Waiting[] = []
  const byKey = new Map<string, Waiting>()
  let running = 0
  let isStopped = false
  let whenIdle: (() => void) | undefined

  function forget({key}: Waiting): void {
    if (key !== undefined) byKey.delete(key)
  }

  function startNext(): void {
    while (!isStopped && running < concurrency && waiting.length > 0) {
      const next = waiting.shift()!
      forget(next)
      running++
      run(next.job).then(() => {
        running--
        startNext()
      })
    }
    if (running === 0 && (waiting.length === 0 || isStopped)) whenIdle?.()
  }

  function merge(into: Waiting, {rule, event}: Job, now: number): void {
    const {coalesce} = rule
    if (coalesce?.keeps === 'first') onCoalesced(event, into.job)
    else {
      onCoalesced(into.job.event, into.job)
      into.job.event = event
      into.mergesUntil = now + (coalesce?.windowMs ?? 0)
    }
  }

  return {
    push(job, now) {
      const {coalesce, id} = job.rule
      const own = coalesce?.keyOf(job.event as unknown as Record<string, unknown>)
      const key = own === undefined ? undefined : JSON.stringify([id, own])
      const same = key === undefined ? undefined : byKey.get(key)
      if (same !== undefined && now <= same.mergesUntil) {
        merge(same, job, now)
        return
      }
      if (waiting.length >= maxPending && running >= concurrency) {
        if (dropPolicy === 'drop_newest') {
          onDrop(job)
          return
        }
        const oldest = waiting.shift()!
        forget(oldest)
        onDrop(oldest.job)
      }
      const entry = {job, key, mergesUntil: now + (coalesce?.windowMs ?? 0)}
      waiting.push(entry)
      if (key !== undefined) byKey.set(key, entry)
      startNext()
    },
    get pending() {
      return waiting.length
    },
    get running() {
      return running
    },
    idle() {
      return new Promise((resolve) => {
        whenIdle = resolve
        startNext()
      })
    },
    stop() {
      isStopped = true
    },
  }
}
