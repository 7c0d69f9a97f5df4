import type {Position, StoredEvent} from '../../event/envelope.ts'
import {weightOf} from '../../event/weight.ts'
import type {EventTest} from '../../filter/compile.ts'
import {everything, type Filter} from '../../filter/filter.ts'
import {type EventStore, logStart} from '../../store/port.ts'
import type {ReaderStep} from '../../store/state-port.ts'
import {inBatches} from '../batches.ts'
import {pause} from '../pause.ts'
import type {SinkContext} from '../sink.ts'
import {detailsOf, findPlace, firstOf, type Place} from './place.ts'
import {deadOnes, isRetryDue, retryRefused} from './refused.ts'
import {type Refusal, send} from './send.ts'

/** Of one batch: so much may be in flight, and is looked for after a crash. */
const batchEvents = 256
const batchWeight = 4 * 2 ** 20
/** The next batch follows one that was not full no sooner: every one costs the state store two commits. */
const gatherMs = 20
/** A backlog is given at most half of the event loop's time, since agents are at work on the same thread. */
const longestRestMs = 20
/** The target's head may be older than it is: then a little more is looked through after a crash. */
const headAgeMs = 1000
/** How often it is looked for refused events to be tried again, and whether a quiet reader can move on. */
const lookMs = 5000

export interface SessionOptions {
  reader: string
  /** The events to forward: what the filter lets through, and of that what `wants` does. */
  filter: Filter
  wants: EventTest
  target: EventStore
  targetName: string
  context: SinkContext
  watch: SessionWatch
}

/** Told how it goes. */
export interface SessionWatch {
  /** The target is open, and it is known where to go on. */
  placed(position: Position): void
  sending(events: number): void
  progress(position: Position, delivered: number, refused: readonly Refusal[]): void
  /** There is nothing to do, and nothing has failed. */
  idle(position: Position): void
}

/**
 * Forwards until the signal aborts, or until the target should be opened anew: then it resolves, too. Rejects when the
 * target or the log fails. However it ends, the next session goes on where this one stopped: before an append it is
 * saved what is about to be sent, and behind which position of the target it will be found.
 */
export async function forwardEvents(options: SessionOptions): Promise<void> {
  const {reader, filter, wants, target, targetName, context, watch} = options
  const {store, state, log, signal} = context
  if (await isRetryDue({reader, context})) {
    await retryRefused(target, {reader, context, signal})
    return
  }
  let place = await findPlace({reader, filter, context, target, targetName})
  let head: {position: Position; readAt: number} | undefined
  let isBusy = false
  await save(place)
  watch.placed(place.position)

  async function save(next: Place, step: Omit<ReaderStep, 'reader' | 'cursor'> = {}): Promise<void> {
    const cursor = {log, position: next.position, details: detailsOf(next, targetName)}
    await state.commit({...step, reader, cursor})
  }

  async function headOfTarget(): Promise<Position> {
    if (head === undefined || performance.now() - head.readAt > headAgeMs) {
      head = {position: (await target.head()) ?? logStart, readAt: performance.now()}
    }
    return head.position
  }

  /** Resolves with whether the target can be used on. */
  async function forward(batch: readonly StoredEvent[]): Promise<boolean> {
    const last = batch.at(-1)!
    const wanted = batch.filter(wants)
    const {doubt} = place
    const isInDoubt = doubt !== undefined && doubt.upTo > last.position
    const next: Place = {position: last.position, eventId: last.eventId, ...(isInDoubt && {doubt})}
    let delivered = 0
    let refused: readonly Refusal[] = []
    let comparesIds = doubt !== undefined
    if (wanted.length > 0) {
      const risk = doubt ?? {range: {after: await headOfTarget()}, upTo: last.position}
      // A log that was removed and made anew begins again.
      const before = place.position < last.position ? place : {position: logStart}
      await save({...before, doubt: risk})
      watch.sending(wanted.length)
      const sent = await send(target, wanted, {doubt: doubt?.range, afterFailure: risk.range})
      ;({delivered, refused, comparesIds} = sent)
    }
    await save(next, {put: await deadOnes(refused, {reader, context})})
    place = next
    watch.progress(last.position, delivered, refused)
    return isInDoubt || !comparesIds
  }

  /** Goes past what is not for this reader, so that one with little to forward is not taken for one that lags. */
  async function moveOn(): Promise<void> {
    const newest = await firstOf(store.read(everything, {order: 'desc', limit: 1}))
    const {position, doubt} = place
    if (newest === undefined || newest.position <= position || doubt) return
    const next = await firstOf(store.read(filter, {from: position, to: newest.position, limit: 1}))
    if (next !== undefined || isBusy || place.position !== position) return
    place = {position: newest.position, eventId: newest.eventId}
    await save(place)
  }

  const again = new AbortController()

  async function lookAround(): Promise<void> {
    if (isBusy) return
    watch.idle(place.position)
    if (await isRetryDue({reader, context})) again.abort()
    else if (filter !== everything) await moveOn()
  }

  // What fails here fails in the session, too, or is tried again soon.
  const look = setInterval(() => void lookAround().catch(() => undefined), lookMs)
  look.unref()
  const stop = AbortSignal.any([signal, again.signal])
  try {
    const events = store.follow(filter, {from: place.position, signal: stop})
    for await (const batch of inBatches(events, batchEvents, {
      weigh: (event: StoredEvent) => weightOf(event),
      most: batchWeight,
    })) {
      if (stop.aborted) return
      isBusy = true
      const before = performance.eventLoopUtilization()
      if (!(await forward(batch))) return
      isBusy = false
      const {active} = performance.eventLoopUtilization(before)
      await pause(batch.length < batchEvents ? gatherMs : Math.min(active, longestRestMs), stop)
    }
  } finally {
    clearInterval(look)
    again.abort()
  }
}
