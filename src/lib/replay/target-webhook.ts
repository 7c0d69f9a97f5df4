import type {RetryPolicy, WebhookEndpoint} from '../config/schema/delivery.ts'
import type {Outgoing} from '../delivery/outgoing.ts'
import {pause} from '../delivery/pause.ts'
import {attempt} from '../delivery/webhook/attempt.ts'
import {jitteredMs} from '../delivery/webhook/backoff.ts'
import {createRequestMaker, type RequestSettings} from '../delivery/webhook/request.ts'
import type {StoredEvent} from '../event/envelope.ts'
import {openHttpClient} from '../net/client.ts'
import type {Resolve} from '../net/destination.ts'
import type {ReplayFailure, ReplayTarget} from './target.ts'

export interface WebhookTargetOptions extends Pick<RequestSettings, 'correlationIdHeader' | 'signEvent'> {
  endpoint: WebhookEndpoint
  /** What leaves, and how it looks. */
  sift: Sift
  retry: RetryPolicy
  timeoutMs: number
  signal: AbortSignal
  /** Epoch milliseconds. */
  now: () => number
  /** In [0, 1): spreads retries. */
  random: () => number
  /** The system's resolver unless given. */
  resolve?: Resolve
  /** An attempt failed, and there will be another one. */
  onRetry(retry: {reason: string; attempt: number; most: number; waitMs: number}): void
}

/** Lets events out as live delivery does, and counts those that stay. */
export interface Sift {
  /** The event as it leaves; undefined for one that stays. */
  take(event: StoredEvent): StoredEvent | undefined
  /** Events that stayed: for being confidential, and for the configuration's filters. */
  counts(): {confidential: number; filtered: number}
}

export function createSift({wants, prepare}: Outgoing, {confidential}: {confidential: boolean}): Sift {
  const counts = {confidential: 0, filtered: 0}
  return {
    take(event) {
      if (wants(event)) return prepare(event)
      if (event.visibility === 'confidential' && !confidential) counts.confidential++
      else counts.filtered++
      return undefined
    },
    counts: () => ({...counts}),
  }
}

/** How long a request under way may still take once the command was told to stop. */
const stopMs = 2000

/**
 * A webhook, which gets one event at a time, in order, as live delivery sends it; `send` resolves when the endpoint has
 * taken the event. It rejects, and `failure` tells of the event, when that was refused or failed at every attempt.
 * Rejects with an `HttpFault` for a URL that may not be connected to.
 */
export async function webhookTarget(options: WebhookTargetOptions): Promise<ReplayTarget> {
  const {endpoint, sift, retry, timeoutMs, signal, now, random, resolve, onRetry} = options
  const makeRequest = createRequestMaker(options)
  const client = await openHttpClient({...endpoint, resolve, connections: 1, timeoutMs})
  const most = Math.max(1, retry.maxAttempts)
  let delivered = 0
  let failure: ReplayFailure | undefined
  let late: NodeJS.Timeout | undefined
  const stop = () => {
    late = setTimeout(() => void client.close(), stopMs)
  }
  signal.addEventListener('abort', stop, {once: true})

  function fail({eventId, position, type}: StoredEvent, attempts: number, reason: string): Error {
    failure = {eventId, position, type, attempts, reason}
    return new Error(reason)
  }

  return {
    async send(stored) {
      const event = sift.take(stored)
      if (event === undefined) return
      for (let attempts = 1; ; attempts++) {
        signal.throwIfAborted()
        const outcome = await attempt({client, makeRequest: () => makeRequest(event, now()), now})
        if (outcome.kind === 'delivered') {
          delivered++
          return
        }
        if (outcome.kind === 'aborted') throw fail(stored, attempts, 'it was stopped')
        if (outcome.kind !== 'failed' || attempts >= most) throw fail(stored, attempts, outcome.reason)
        const waitMs = Math.max(outcome.waitMs ?? 0, jitteredMs(retry, attempts, random))
        onRetry({reason: outcome.reason, attempt: attempts, most, waitMs})
        await pause(waitMs, signal)
      }
    },
    settle: async () => undefined,
    counts: () => ({delivered, ...sift.counts()}),
    failure: () => (signal.aborted ? undefined : failure),
    async close() {
      clearTimeout(late)
      signal.removeEventListener('abort', stop)
      await client.close()
    },
  }
}
