import {messageOf} from '../../errors.ts'
import {makeEvent} from '../../event/make.ts'
import {checkUrl} from '../../net/destination.ts'
import {logStart} from '../../store/port.ts'
import type {Cursor} from '../../store/state-port.ts'
import {pause} from '../pause.ts'
import type {Sink, SinkContext, SinkStatus} from '../sink.ts'
import {deliver} from './deliver.ts'
import {readDetails} from './details.ts'
import type {EndpointOptions} from './parts.ts'
import {createRequestMaker, type RequestMaker} from './request.ts'
import type {EndpointView} from './view.ts'

/** How soon an endpoint goes on after it was enabled. */
const lookMs = 1000

/** Delivers events to one webhook endpoint. */
export function createWebhookSink(options: EndpointOptions): Sink {
  const view: EndpointView = {details: {}, delivered: 0, failed: 0}
  const host = URL.parse(options.endpoint.url)?.host
  let state: 'starting' | 'running' | 'failed' | 'stopped' = 'stopped'
  let reason: string | undefined

  async function runWith(makeRequest: RequestMaker, context: SinkContext): Promise<void> {
    const {reader} = options
    while (!context.signal.aborted) {
      const cursor = await startingPoint(reader, context)
      const {disabled} = readDetails(cursor.details)
      view.details = {disabled}
      state = 'running'
      if (disabled !== undefined) {
        await pause(lookMs, context.signal)
        continue
      }
      const why = await deliver(options, context, {cursor, makeRequest, view})
      if (why === undefined) return
      await context.report(disabledEvent(options, why, context))
      await pause(lookMs, context.signal)
    }
  }

  return {
    reader: options.reader,
    status: () => statusOf(view, {reader: options.reader, state, reason, host}),
    async run(context) {
      state = 'starting'
      reason = undefined
      try {
        const makeRequest = prepare(options)
        if (typeof makeRequest === 'string') {
          state = 'failed'
          reason = makeRequest
          await standStill(options.reader, reason, context)
        } else {
          await runWith(makeRequest, context)
          state = 'stopped'
        }
      } catch (error) {
        state = 'failed'
        reason = messageOf(error)
        throw error
      }
    },
  }
}

/** What makes requests for this endpoint; a text says why nothing can ever be sent to it as it is configured. */
function prepare({endpoint, settings: {correlationIdHeader}, signEvent}: EndpointOptions): RequestMaker | string {
  try {
    checkUrl(endpoint.url, endpoint)
    return createRequestMaker({endpoint, correlationIdHeader, signEvent})
  } catch (error) {
    return messageOf(error)
  }
}

/** Sends nothing, keeps the place in the log, and says why. Only another configuration helps. */
async function standStill(reader: string, reason: string, context: SinkContext): Promise<void> {
  const {state, log, signal, now, diagnostics} = context
  diagnostics.error(`${reader}: nothing can be sent to it: ${reason}`)
  const {position, details} = await startingPoint(reader, context)
  const paused = {since: new Date(now()).toISOString(), reason}
  await state.commit({reader, cursor: {log, position, details: {...details, paused}}})
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), {once: true})
  })
}

/** Where the endpoint goes on; a new one takes its place at once. */
async function startingPoint(reader: string, {store, state, log, startAt, now}: SinkContext): Promise<Cursor> {
  const saved = await state.cursor(reader)
  if (saved?.log === log) return saved
  const position = startAt === 'start' ? logStart : ((await store.head()) ?? logStart)
  const cursor = {log, position, details: saved?.details}
  await state.commit({reader, cursor})
  return {reader, savedAt: now(), ...cursor}
}

function disabledEvent({reader, endpoint}: EndpointOptions, reason: string, {now}: SinkContext) {
  const host = URL.parse(endpoint.url)?.host
  return makeEvent({
    type: 'delivery.disabled',
    agentId: 'system',
    source: 'synthetic',
    now: now(),
    data: {reader, host, reason},
  })
}

interface OwnStatus extends Pick<SinkStatus, 'reader' | 'state' | 'reason'> {
  host?: string
}

function statusOf(
  {details: {disabled, paused}, delivered, failed, parts}: EndpointView,
  {host, ...own}: OwnStatus,
): SinkStatus {
  const {waiting = 0, dead = 0} = parts?.ledger.counts ?? {}
  const inFlight = parts?.gate.inFlight ?? 0
  const unsaved = parts?.ledger.fault
  const still = disabled ?? paused ?? (unsaved === undefined ? undefined : {reason: unsaved})
  const isStill = own.state === 'running' && still !== undefined
  return {
    ...own,
    ...(isStill && {state: disabled === undefined ? 'paused' : 'disabled', reason: still.reason}),
    position: parts?.ledger.position,
    delivered,
    failed,
    waiting: inFlight + waiting,
    details: {host, inFlight, dead},
  }
}
