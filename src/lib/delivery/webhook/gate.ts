import type {RetryPolicy} from '../../config/schema/delivery.ts'
import {longestWaitMs} from './backoff.ts'

/** Who wants to send: the reader of the log, or who tries again. Each has at most one wish at a time. */
export type Sender = 'log' | 'retry'

export interface GateOptions {
  /** Requests at the same time while all is well. */
  limit: number
  retry: RetryPolicy
  random: () => number
  /** Lets go whoever waits, and nobody in any more. */
  signal: AbortSignal
  /** Told when the endpoint is given a rest, and why, and when it works again (undefined). */
  onPause(reason: string | undefined): void
}

/**
 * Lets requests through to one endpoint. An endpoint that fails for one event after the other is paused: after a
 * while, longer each time, one request may try; the first success opens the gate again, a bit more with each.
 */
export interface Gate {
  /** Resolves to true when a request may be sent (`leave` when it is over); to false once the signal has aborted. */
  enter(sender: Sender): boolean | Promise<boolean>
  /** A request is over that was let through. */
  leave(): void
  succeeded(): void
  /** An event was not delivered; `waitMs`: the endpoint asked for as much rest. */
  failed(eventId: string, reason: string, waitMs?: number): void
  /** The endpoint took this event's type of request, but not the event. */
  refused(reason: string): void
  /** Pauses the endpoint now. */
  trip(reason: string): void
  readonly inFlight: number
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>
  /** Ends its timer. */
  close(): void
}

/** So many different events failing in a row are the endpoint's fault; refusing an event is more often the event's. */
const failuresInRow = 5
const refusalsInRow = 20

export function createGate({limit: most, retry, random, signal, onPause}: GateOptions): Gate {
  const wishes = new Map<Sender, (isLetIn: boolean) => void>()
  const failing = new Set<string>()
  let refusals = 0
  let inFlight = 0
  let limit = most
  /** How often it was paused without a success since; 0: it is not. */
  let pauses = 0
  let restEnds = 0
  let restTimer: NodeJS.Timeout | undefined
  let lastServed: Sender = 'retry'
  let idle: PromiseWithResolvers<void> | undefined

  function isFree(): boolean {
    return inFlight < (pauses > 0 ? 1 : limit) && restTimer === undefined
  }

  function letIn(): void {
    while (wishes.size > 0 && isFree()) {
      // In turns, so that an event that fails each time does not keep the others from being tried.
      const next: Sender = lastServed === 'log' ? 'retry' : 'log'
      const sender = wishes.has(next) ? next : lastServed
      const serve = wishes.get(sender)!
      wishes.delete(sender)
      lastServed = sender
      inFlight++
      serve(true)
    }
  }

  /** The later end holds; by the monotonic clock, which does not jump. */
  function rest(ms: number): void {
    const ends = performance.now() + ms
    if (restTimer !== undefined && ends <= restEnds) return
    restEnds = ends
    clearTimeout(restTimer)
    restTimer = setTimeout(() => {
      restTimer = undefined
      letIn()
    }, ms)
  }

  function pause(reason: string, waitMs: number = backoffMs()): void {
    pauses++
    rest(waitMs)
    if (pauses === 1) onPause(reason)
  }

  /** At least half of the longest wait: what is down shall have its rest. */
  function backoffMs(): number {
    return (longestWaitMs(retry, pauses + 1) * (1 + random())) / 2
  }

  /** Whether a failure tells something new about an endpoint that is paused; not so what was under way before. */
  function isProbe(): boolean {
    return pauses > 0 && restTimer === undefined
  }

  function letGo(): void {
    for (const serve of wishes.values()) serve(false)
    wishes.clear()
  }
  // Once, since every event comes by here.
  signal.addEventListener('abort', letGo, {once: true})

  return {
    enter(sender) {
      if (signal.aborted) return false
      if (wishes.size === 0 && isFree()) {
        lastServed = sender
        inFlight++
        return true
      }
      return new Promise((resolve) => {
        wishes.set(sender, resolve)
        letIn()
      })
    },
    leave() {
      inFlight--
      if (inFlight === 0) {
        idle?.resolve()
        idle = undefined
      }
      letIn()
    },
    succeeded() {
      failing.clear()
      refusals = 0
      if (pauses > 0) {
        pauses = 0
        limit = 1
        onPause(undefined)
      } else if (limit < most) limit++
    },
    failed(eventId, reason, waitMs) {
      if (failing.size < failuresInRow) failing.add(eventId)
      const isDown = pauses === 0 && (waitMs !== undefined || failing.size >= failuresInRow)
      if (isDown || isProbe()) pause(reason, waitMs)
      else if (waitMs !== undefined) rest(waitMs)
    },
    refused(reason) {
      refusals++
      if (isProbe() || (pauses === 0 && refusals >= refusalsInRow)) pause(reason)
    },
    trip: (reason) => pause(reason),
    get inFlight() {
      return inFlight
    },
    async idle() {
      if (inFlight === 0) return
      idle ??= Promise.withResolvers()
      await idle.promise
    },
    close: () => clearTimeout(restTimer),
  }
}
