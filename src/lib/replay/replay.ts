import type {Position, StoredEvent} from '../event/envelope.ts'
import type {Filter} from '../filter/filter.ts'
import type {EventStore} from '../store/port.ts'
import {paced} from './pace.ts'
import type {ReplayFailure, ReplayTarget} from './target.ts'

export interface ReplayOptions {
  filter: Filter
  /** How many times faster than it happened; Infinity: as fast as the target takes them. */
  speed: number
  /** After this position. */
  from?: Position
  /** At most this many events; absent: all. */
  most?: number
  signal: AbortSignal
  /** Milliseconds, monotonic. */
  now?: () => number
  /** Keeps the place: everything up to there has arrived. Called now and then, and at the end, however that comes. */
  keepPlace?: (place: {position: Position; read: number}) => Promise<void>
  onProgress?: (progress: {read: number}) => void
}

export interface ReplayResult extends Record<string, unknown> {
  read: number
  interrupted: boolean
  /** The event at which it ended, of targets that may refuse one. */
  failed?: ReplayFailure[]
}

/** How often the place is kept: so much a kill may repeat. */
const keepEveryMs = 250

/**
 * Sends stored events again, in log order. Told to stop, it ends after an event that has arrived, and the place it kept
 * is that event's: going on from there neither repeats nor leaves out any.
 */
export async function replayEvents(
  store: EventStore,
  target: ReplayTarget,
  options: ReplayOptions,
): Promise<ReplayResult> {
  const {speed, signal, now, onProgress} = options
  const sending = createSending(target, options)
  try {
    for await (const event of paced(eventsOf(store, options), {speed, signal, now})) {
      await sending.send(event)
      onProgress?.({read: sending.read()})
    }
  } catch (thrown) {
    if (!signal.aborted) {
      // What arrived before it failed need not be sent again.
      await sending.end().catch(() => undefined)
      if (target.failure?.() === undefined) throw thrown
      return resultOf(target, sending.read(), false)
    }
  }
  await sending.end().catch((thrown: unknown) => {
    if (!signal.aborted) throw thrown
  })
  return resultOf(target, sending.read(), signal.aborted)
}

function resultOf(target: ReplayTarget, read: number, interrupted: boolean): ReplayResult {
  const result = {read, ...target.counts(), interrupted}
  if (target.failure === undefined) return result
  const failure = target.failure()
  return {...result, failed: failure === undefined ? [] : [failure]}
}

async function* eventsOf(store: EventStore, {filter, from, most, signal}: ReplayOptions): AsyncGenerator<StoredEvent> {
  if (most !== 0) yield* store.read(filter, {from, limit: most, signal})
}

/** One thing after the other: an event is sent, or the place is kept, which also happens while nothing is sent. */
function createSending(target: ReplayTarget, {keepPlace}: ReplayOptions) {
  let turn: Promise<void> = Promise.resolve()
  let read = 0
  let position: Position | undefined
  let kept: Position | undefined
  let timer: NodeJS.Timeout | undefined
  let failure: {error: unknown} | undefined

  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work)
    // Whoever takes the next turn is told.
    turn.catch(() => undefined)
    return turn
  }

  async function keep({isEnd}: {isEnd: boolean}): Promise<void> {
    if (isEnd || target.reached === undefined) await target.settle()
    const place = target.reached === undefined ? position && {position, read} : target.reached()
    if (!place || place.position === kept) return
    await keepPlace?.(place)
    kept = place.position
  }

  function keepSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      inTurn(() => keep({isEnd: false})).catch((error: unknown) => {
        failure = {error}
      })
    }, keepEveryMs)
  }

  return {
    read: () => read,
    async send(event: StoredEvent): Promise<void> {
      if (failure) throw failure.error
      await inTurn(async () => {
        await target.send(event)
        read++
        position = event.position
      })
      if (keepPlace) keepSoon()
    },
    async end(): Promise<void> {
      clearTimeout(timer)
      await turn.catch(() => undefined)
      await keep({isEnd: true})
    },
  }
}
