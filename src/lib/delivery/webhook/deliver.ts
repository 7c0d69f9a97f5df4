import type {WebhookEndpoint} from '../../config/schema/delivery.ts'
import type {Config} from '../../config/schema.ts'
import {messageOf} from '../../errors.ts'
import type {ClawEvent} from '../../event/envelope.ts'
import {openHttpClient} from '../../net/client.ts'
import type {Resolve} from '../../net/destination.ts'
import type {Cursor} from '../../store/state-port.ts'
import type {Outgoing} from '../outgoing.ts'
import type {SinkContext} from '../sink.ts'
import {type EndpointDetails, readDetails, type Standstill} from './details.ts'
import {createGate, type Gate} from './gate.ts'
import {createHealth} from './health.ts'
import {createLedger, type Ledger} from './ledger.ts'
import {deliverInOrder} from './ordered.ts'
import {createReport} from './report.ts'
import type {RequestMaker} from './request.ts'
import {createRetries} from './retries.ts'
import {createSettler} from './settle.ts'
import {deliverUnordered} from './unordered.ts'
import type {Work} from './work.ts'

/** One endpoint with all that is configured for it. */
export interface EndpointOptions {
  reader: string
  endpoint: WebhookEndpoint
  settings: Pick<Config, 'retry' | 'queue' | 'webhookTimeoutMs' | 'correlationIdHeader' | 'logging'>
  outgoing: Outgoing
  /** Adds S3's signature to an event, where that is switched on. */
  signEvent?: <T extends ClawEvent>(event: T) => T
  /** The system's resolver unless given. */
  resolve?: Resolve
  /** In [0, 1): spreads retries. */
  random: () => number
}

/** What is to be seen of an endpoint while it is delivered to. */
export interface EndpointView {
  details: EndpointDetails
  delivered: number
  failed: number
  /** While it runs. */
  parts?: {ledger: Ledger; gate: Gate}
}

/** Connections to one endpoint, and so requests at the same time. */
const mostConnections = 32
/** How long what is under way may take to end when the sink is stopped. */
const stopMs = 2000
/** More cannot stand in the state store beyond a cursor: the window of the ledger is smaller. */
const mostKnown = 20_000

/**
 * Delivers to one endpoint from its cursor on, until the context's signal aborts or the endpoint is disabled, which
 * then stands in the cursor's details; resolves to the reason for that. Rejects with a fault of the log or the state
 * store.
 */
export async function deliver(
  {reader, endpoint, settings, outgoing, resolve, random}: EndpointOptions,
  context: SinkContext,
  {cursor, makeRequest, view}: {cursor: Cursor; makeRequest: RequestMaker; view: EndpointView},
): Promise<string | undefined> {
  const {state, log, now, diagnostics} = context
  const {retry, queue, webhookTimeoutMs: timeoutMs, logging} = settings
  const stop = new AbortController()
  const {signal} = stop
  const stopToo = () => stop.abort()
  context.signal.addEventListener('abort', stopToo, {once: true})
  if (context.signal.aborted) stopToo()
  const details: EndpointDetails = {failingMs: readDetails(cursor.details).failingMs}
  let disabled: Standstill | undefined
  view.details = details
  const known = await state.deliveries({reader, after: cursor.position, limit: mostKnown})
  const limit = endpoint.ordered ? 1 : Math.min(mostConnections, queue.maxSize)
  const client = await openHttpClient({...endpoint, resolve, connections: limit, timeoutMs})
  const report = createReport({reader, diagnostics, logging, now})
  const retries = createRetries(() => report.queue(ledger.counts))
  const health = createHealth({failingMs: details.failingMs, now})
  const ledger = createLedger({
    state,
    reader,
    log,
    diagnostics,
    position: cursor.position,
    counts: await state.countDeliveries(reader),
    limit: queue.maxSize,
    details: () => ({...details, failingMs: health.failingMs}),
    onWaiting: retries.note,
  })
  const gate = createGate({
    limit,
    retry,
    random,
    onPause(reason) {
      details.paused = reason === undefined ? undefined : standstill(reason)
      ledger.touch()
      report.paused(reason)
    },
  })

  function standstill(reason: string): Standstill {
    return {since: new Date(now()).toISOString(), reason}
  }

  function disable(reason: string): void {
    if (disabled !== undefined) return
    disabled = standstill(reason)
    report.disabled(reason)
    stop.abort()
  }

  const settler = createSettler({
    ledger,
    gate,
    health,
    report: {
      ...report,
      delivered(item) {
        view.delivered++
        report.delivered(item)
      },
      failed(item, reason) {
        view.failed++
        report.failed(item, reason)
      },
    },
    retry,
    random,
    now,
    disable,
  })
  const work: Work = {context, signal, reader, outgoing, client, makeRequest, gate, ledger, settler, busy: new Set()}
  const options = {
    from: cursor.position,
    known: new Set(known.map(({eventId}) => eventId)),
    flushMs: queue.flushIntervalMs,
  }
  view.parts = {ledger, gate}
  const reading = endpoint.ordered ? deliverInOrder(work, {...options, retry, random}) : deliverUnordered(work, options)
  const ends = await Promise.allSettled([reading, retries.run(work)].map((loop) => loop.finally(stopToo)))
  context.signal.removeEventListener('abort', stopToo)
  await within(stopMs, gate.idle())
  await client.close()
  await gate.idle()
  gate.close()
  // Only now, with the last save: whoever enables the endpoint must not be overtaken by an earlier one.
  details.disabled = disabled
  view.parts = undefined
  await ledger.close().catch((error) => {
    diagnostics.warn(`${reader}: its last progress could not be saved and will be repeated: ${messageOf(error)}`)
  })
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return disabled?.reason
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const {promise: late, resolve} = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, late])
  clearTimeout(timer)
}
