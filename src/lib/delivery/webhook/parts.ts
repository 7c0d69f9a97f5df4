import type {WebhookEndpoint} from '../../config/schema/delivery.ts'
import type {Config} from '../../config/schema.ts'
import type {ClawEvent} from '../../event/envelope.ts'
import {openHttpClient} from '../../net/client.ts'
import type {Resolve} from '../../net/destination.ts'
import type {Cursor} from '../../store/state-port.ts'
import type {Outgoing} from '../outgoing.ts'
import type {SinkContext} from '../sink.ts'
import {type EndpointDetails, readDetails, type Standstill} from './details.ts'
import {createGate} from './gate.ts'
import {createHealth} from './health.ts'
import {createLedger} from './ledger.ts'
import {createReport} from './report.ts'
import type {RequestMaker} from './request.ts'
import {createRetries, type Retries} from './retries.ts'
import {createSettler} from './settle.ts'
import type {EndpointView} from './view.ts'
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

/** Where delivery to an endpoint begins, and what it works with from then on. */
export interface Beginning {
  cursor: Cursor
  makeRequest: RequestMaker
  view: EndpointView
}

export interface Parts {
  work: Work
  retries: Retries
  details: EndpointDetails
  /** Why the endpoint is to be sent no more, once that is so. */
  disabled(): Standstill | undefined
}

/** Connections to one endpoint, and so requests at the same time. */
const mostConnections = 32

/** Puts together what delivers to one endpoint; `stop` is aborted when that disables the endpoint. */
export async function openParts(
  {reader, endpoint, settings, outgoing, resolve, random}: EndpointOptions,
  context: SinkContext,
  {cursor, makeRequest, view}: Beginning,
  stop: AbortController,
): Promise<Parts> {
  const {state, log, now, diagnostics} = context
  const {retry, queue, webhookTimeoutMs: timeoutMs, logging} = settings
  const details: EndpointDetails = {failingMs: readDetails(cursor.details).failingMs}
  let disabled: Standstill | undefined
  const counts = await state.countDeliveries(reader)
  const limit = endpoint.ordered ? 1 : Math.min(mostConnections, queue.maxSize)
  const client = await openHttpClient({...endpoint, resolve, connections: limit, timeoutMs})
  const report = createReport({reader, diagnostics, logging, now})
  const health = createHealth({failingMs: details.failingMs, now})
  const retries = createRetries(() => report.queue(ledger.counts))
  const ledger = createLedger({
    state,
    reader,
    log,
    diagnostics,
    position: cursor.position,
    counts,
    limit: queue.maxSize,
    details: () => ({...details, failingMs: health.failingMs}),
    onWaiting: retries.note,
  })
  const gate = createGate({
    limit,
    retry,
    random,
    signal: stop.signal,
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

  const settler = createSettler({ledger, gate, health, report, view, retry, random, now, disable})
  const {signal} = stop
  const work = {context, signal, reader, outgoing, client, makeRequest, gate, ledger, settler, busy: new Set<string>()}
  return {work, retries, details, disabled: () => disabled}
}
