import {messageOf} from '../../errors.ts'
import type {Position} from '../../event/envelope.ts'
import type {Delivery, DeliveryState, StateStore} from '../../store/state-port.ts'
import type {Diagnostics} from '../diagnostics.ts'
import {createLowWatermark} from '../low-watermark.ts'

export type NewDelivery = Omit<Delivery, 'reader'>

export interface LedgerOptions {
  state: StateStore
  reader: string
  log: string
  diagnostics: Diagnostics
  /** Where the reader stands. */
  position: Position
  /** What is kept beside the cursor, as it is now. */
  details: () => Record<string, unknown>
  /** How many deliveries stand in the state store. */
  counts: Record<DeliveryState, number>
  /** The most events taken from the log that the saved cursor does not cover, and the most that wait. */
  limit: number
  /** Told of every delivery that now waits in the state store. */
  onWaiting(delivery: NewDelivery): void
}

/** What an endpoint has done, saved in small steps: its cursor never passes what is neither delivered nor put. */
export interface Ledger {
  /** The reader is past an event that is not for this endpoint. */
  skip(position: Position): void
  /** The reader has an event to deliver. */
  take(position: Position): void
  /** Resolves to true when one more event may be taken, to false when the signal aborts first. */
  room(signal: AbortSignal): boolean | Promise<boolean>
  /** An event that was taken is done with. */
  settle(position: Position): void
  /** Keeps a delivery in the state store from now on, or in another state; `isTaken`: it comes from the log. */
  put(delivery: NewDelivery, isTaken: boolean): void
  /** A delivery of the state store was made. */
  remove(eventId: string): void
  /** The details have changed. */
  touch(): void
  /** Whether a change of this delivery is not saved yet: the state store shows it as it was. */
  isPending(eventId: string): boolean
  /** Kept up to date with what is put and removed; set anew where others change it. */
  counts: Record<DeliveryState, number>
  /** As saved. */
  readonly position: Position
  /** Why nothing can be saved, where that is so. */
  readonly fault: string | undefined
  /** Saves what is left, the last time; rejects when that fails. */
  close(): Promise<void>
}

/** Saves are at least this far apart, so that their cost does not depend on the rate of events. */
const betweenSavesMs = 20
/** Passing events that nobody wants is saved as rarely. */
const idleSaveMs = 1000
const firstRetryMs = 200
const longestRetryMs = 5000

export function createLedger(options: LedgerOptions): Ledger {
  const {state, reader, log, diagnostics, details, limit, onWaiting} = options
  const mark = createLowWatermark()
  const puts = new Map<string, NewDelivery>()
  const removals = new Set<string>()
  let saved = options.position
  /** Events done with since the last save. */
  let unsaved = 0
  let areDetailsNew = false
  let saving: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let timerEnds = 0
  let lastSave = Number.NEGATIVE_INFINITY
  let fault: string | undefined
  let retryMs = firstRetryMs
  let wakeReader: (() => void) | undefined
  let isClosed = false

  function isFull(): boolean {
    return mark.open + unsaved >= limit || ledger.counts.waiting >= limit
  }

  function schedule(ms: number): void {
    const ends = performance.now() + ms
    if (isClosed || saving !== undefined || (timer !== undefined && timerEnds <= ends)) return
    clearTimeout(timer)
    timerEnds = ends
    timer = setTimeout(() => {
      timer = undefined
      saving = save().finally(() => {
        saving = undefined
        if (unsaved > 0 || puts.size > 0 || removals.size > 0 || areDetailsNew) soon()
        else if ((mark.position() ?? saved) !== saved) schedule(idleSaveMs)
      })
    }, ms)
  }

  function soon(): void {
    schedule(fault === undefined ? Math.max(0, lastSave + betweenSavesMs - performance.now()) : retryMs)
  }

  async function save(): Promise<void> {
    try {
      await saveStep()
      if (fault !== undefined) diagnostics.info(`${reader}: its progress is saved again`)
      fault = undefined
      retryMs = firstRetryMs
    } catch (error) {
      if (fault !== undefined) retryMs = Math.min(retryMs * 2, longestRetryMs)
      else diagnostics.error(`${reader}: its progress cannot be saved, trying again: ${messageOf(error)}`)
      fault = messageOf(error)
    }
  }

  async function saveStep(): Promise<void> {
    const position = mark.position() ?? saved
    const covered = unsaved
    const put = [...puts.values()]
    const remove = [...removals]
    areDetailsNew = false
    try {
      await state.commit({reader, cursor: {log, position, details: details()}, put, remove})
    } catch (error) {
      areDetailsNew = true
      throw error
    } finally {
      lastSave = performance.now()
    }
    saved = position
    unsaved -= covered
    for (const eventId of remove) removals.delete(eventId)
    for (const delivery of put) {
      if (puts.get(delivery.eventId) === delivery) puts.delete(delivery.eventId)
      if (delivery.state === 'waiting') onWaiting(delivery)
    }
    wakeReader?.()
  }

  function settle(position: Position): void {
    mark.end(position)
    unsaved++
    soon()
  }

  const ledger: Ledger = {
    counts: {...options.counts},
    skip(position) {
      mark.begin(position, 0)
      if (mark.open === 0) schedule(idleSaveMs)
    },
    take: (position) => mark.begin(position, 1),
    room(signal) {
      if (signal.aborted) return false
      if (!isFull()) return true
      return new Promise((resolve) => {
        const look = () => {
          if (isFull() && !signal.aborted) return
          signal.removeEventListener('abort', look)
          wakeReader = undefined
          resolve(!signal.aborted)
        }
        signal.addEventListener('abort', look)
        wakeReader = look
      })
    },
    settle,
    put(delivery, isTaken) {
      puts.set(delivery.eventId, delivery)
      if (isTaken) settle(delivery.position)
      else ledger.counts.waiting--
      ledger.counts[delivery.state]++
      soon()
    },
    remove(eventId) {
      removals.add(eventId)
      ledger.counts.waiting--
      soon()
    },
    touch() {
      areDetailsNew = true
      soon()
    },
    isPending: (eventId) => puts.has(eventId) || removals.has(eventId),
    get position() {
      return saved
    },
    get fault() {
      return fault
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await saving
      await saveStep()
    },
  }
  return ledger
}
