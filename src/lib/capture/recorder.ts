import type {Diagnostics} from '../delivery/diagnostics.ts'
import {ClawError, type ErrorCode, messageOf} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'
import type {EventStore} from '../store/port.ts'
import {createDropTally, type Drops, makeDropEvent} from './recorder-drops.ts'
import {createRecorderQueue} from './recorder-queue.ts'
import {createWaiters} from './recorder-waiters.ts'
import {createBatchWriter} from './recorder-writer.ts'

/** Takes events into the log while the host's work goes on. */
export interface Recorder {
  /** Takes events in; never throws, never waits. They are committed in the same turn of the event loop, in order. */
  record(events: readonly ClawEvent[]): void
  /** The same for events that are still to be made: at the end of this turn, or sooner when something comes behind. */
  recordLater(make: () => readonly ClawEvent[]): void
  /**
   * Resolves when everything recorded so far is committed. Rejects when that takes longer than `timeoutMs`, and as soon
   * as one of these events is dropped.
   */
  committed(timeoutMs: number): Promise<void>
  /** Commits what is left, for at most `timeoutMs`, and closes the log; the next event opens it again. Never rejects. */
  flush(timeoutMs: number): Promise<void>
  status(): RecorderStatus
}

export interface RecorderStatus {
  /** Events that wait to be committed. */
  pending: number
  /** Since this recorder was made: events that were dropped, and events that are in the log. */
  dropped: number
  committed: number
  /** Since when (epoch ms) the log cannot be written, and why; absent while it can. */
  failingSince?: number
  lastError?: string
}

export interface RecorderOptions {
  /** Called at the first event, and again after failures. */
  openStore: () => Promise<EventStore>
  /** Events that may wait; beyond it the oldest go. */
  queueLimit: number
  /** What may wait in all, roughly in characters of JSON. Default: 64 Mi. */
  queueWeight?: number
  diagnostics: Diagnostics
  /** Epoch milliseconds. */
  now: () => number
  /** What becomes of an event before it enters the log, such as redaction. An event that it throws for is dropped. */
  prepare?: (event: ClawEvent) => ClawEvent
  /** The event that tells of dropped ones; default: `capture.dropped`. */
  makeDropEvent?: (drops: Drops, now: number) => ClawEvent
}

const defaultQueueWeight = 64 * 2 ** 20
/** What is still to be made into events at once; what comes beyond it does not wait for the end of the turn. */
const mostUnmade = 256
const firstRetryMs = 5
const longestRetryMs = 5000
/** While somebody waits for a commit. */
const urgentRetryMs = 25
/** Drops that go on are told about no more often. */
const tellAgainMs = 1000
/** After these failures the open log is as good as before. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['STORE_LOCKED', 'STORE_FULL'])

/** Opens nothing and starts nothing before the first event. */
export function createRecorder(options: RecorderOptions): Recorder {
  const {openStore, queueLimit, queueWeight = defaultQueueWeight, diagnostics, now, prepare} = options
  const dropEvent = options.makeDropEvent ?? makeDropEvent
  const queue = createRecorderQueue({events: queueLimit, weight: queueWeight})
  const writeBatch = createBatchWriter({
    queue,
    queueLimit,
    prepare,
    onWritten: (count) => {
      committed += count
    },
    onLost: drop,
  })
  const waiters = createWaiters()
  const drops = createDropTally()
  let unmade: Array<() => readonly ClawEvent[]> = []
  let store: EventStore | undefined
  let running: Promise<void> | undefined
  let isScheduled = false
  let flushes = 0
  let wake: (() => void) | undefined
  let retryMs = firstRetryMs
  let tellTimer: NodeJS.Timeout | undefined
  let toldAt = Number.NEGATIVE_INFINITY
  let dropped = 0
  let committed = 0
  let outage: {since: number; error: ClawError} | undefined

  /** The host's own diagnostics must not be the reason that recording fails. */
  function say(level: keyof Diagnostics, message: string): void {
    try {
      diagnostics[level](message)
    } catch {
      // There is nowhere left to say it.
    }
  }

  function drop({event, number}: {event: ClawEvent; number: number}, reason: string): void {
    dropped++
    if (drops.count === 0) {
      say('warn', `events are dropped (${reason}): capture.dropped in the event log will say how many`)
    }
    drops.add(event, reason)
    waiters.lost(number, () => failure(`an event was dropped (${reason}) before it was in the event log`))
  }

  function failure(message: string): ClawError {
    const reason = outage ? `: ${outage.error.message}` : ''
    return new ClawError(outage?.error.code ?? 'STORE_FAILED', `${message}${reason}`, {cause: outage?.error})
  }

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    // Whatever else is recorded in this turn comes along.
    setImmediate(() => {
      isScheduled = false
      makeAll()
      start()
    })
  }

  /** In the order of recording: nothing may overtake what is still to be made. */
  function makeAll(): void {
    if (unmade.length === 0) return
    const makers = unmade
    unmade = []
    for (const make of makers) add(make)
  }

  function add(make: () => readonly ClawEvent[]): void {
    try {
      const reason = outage?.error.code ?? 'QUEUE_FULL'
      for (const event of make()) for (const entry of queue.add(event)) drop(entry, reason)
    } catch (thrown) {
      say('error', `what was to be recorded is no list of events: ${messageOf(thrown)}`)
    }
  }

  function start(): void {
    running ??= writeAll().finally(() => {
      running = undefined
      if (queue.count > 0) schedule()
      else if (drops.count > 0) tellLater()
    })
  }

  /** Writes until nothing waits any more. Never rejects. */
  async function writeAll(): Promise<void> {
    while (queue.count > 0 || mayTell()) {
      try {
        store ??= await openStore()
        if (mayTell()) await tellDrops(store)
        if (queue.count > 0) await writeBatch(store)
        worked()
      } catch (thrown) {
        await failed(thrown)
      }
      waiters.settled(queue.oldest)
      if (queue.count > 0) await nextTurn()
    }
  }

  /** Drops are told at once, but those that go on only every now and then. */
  function mayTell(): boolean {
    return drops.count > 0 && (flushes > 0 || performance.now() - toldAt >= tellAgainMs)
  }

  function tellLater(): void {
    tellTimer ??= setTimeout(() => {
      tellTimer = undefined
      start()
    }, tellAgainMs)
    tellTimer.unref()
  }

  async function tellDrops(to: EventStore): Promise<void> {
    const told = drops.take()
    if (told === undefined) return
    try {
      await to.append([dropEvent(told, now())])
    } catch (thrown) {
      drops.giveBack(told)
      throw thrown
    }
    toldAt = performance.now()
    say('info', `${told.count} events of ${told.firstAt} to ${told.lastAt} were dropped (${told.reason})`)
  }

  function worked(): void {
    retryMs = firstRetryMs
    if (outage === undefined) return
    say('info', `events are written again after ${Math.round((now() - outage.since) / 1000)} s`)
    outage = undefined
  }

  async function failed(thrown: unknown): Promise<void> {
    const error =
      thrown instanceof ClawError ? thrown : new ClawError('STORE_FAILED', messageOf(thrown), {cause: thrown})
    if (outage === undefined) {
      say('error', `events cannot be written and wait in memory, at most ${queueLimit}: ${error.message}`)
    }
    outage = {since: outage?.since ?? now(), error}
    if (!passing.has(error.code)) await closeStore()
    const isUrgent = waiters.count > 0 || flushes > 0
    await pause(isUrgent ? Math.min(retryMs, urgentRetryMs) : retryMs)
    retryMs = Math.min(retryMs * 2, longestRetryMs)
  }

  async function closeStore(): Promise<void> {
    const closing = store
    store = undefined
    await closing?.close().catch((error) => say('debug', `the event log did not close well: ${messageOf(error)}`))
  }

  /** Until `ms` are over or somebody cannot wait so long; it keeps no process alive. */
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      timer.unref()
      wake = done
      function done(): void {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
    })
  }

  function hurry(): void {
    if (running) wake?.()
    else start()
  }

  return {
    record(events) {
      makeAll()
      add(() => events)
      if (!running) schedule()
    },
    recordLater(make) {
      unmade.push(make)
      if (unmade.length >= mostUnmade) makeAll()
      schedule()
    },
    committed(timeoutMs) {
      makeAll()
      if (queue.count === 0) return Promise.resolve()
      hurry()
      const late = () => failure(`what was recorded is not in the event log after ${timeoutMs} ms`)
      return waiters.add(queue.newest, timeoutMs, late)
    },
    async flush(timeoutMs) {
      makeAll()
      const end = performance.now() + timeoutMs
      flushes++
      while ((running || queue.count > 0 || drops.count > 0) && performance.now() < end) {
        hurry()
        await within(running, end - performance.now())
      }
      flushes--
      if (queue.count > 0) say('warn', `${queue.count} events could not be written within ${timeoutMs} ms`)
      else if (!running) await within(closeStore(), end - performance.now())
    },
    status() {
      makeAll()
      return {
        pending: queue.count,
        dropped,
        committed,
        ...(outage && {failingSince: outage.since, lastError: outage.error.message}),
      }
    },
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function within(work: Promise<void> | undefined, ms: number): Promise<void> {
  const {promise: over, resolve} = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, Math.max(0, ms))
  await Promise.race([work, over])
  clearTimeout(timer)
}
