import {setTimeout as pause} from 'node:timers/promises'
import type {WebSocketSettings} from '../../config/schema/security.ts'
import {messageOf} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import {type FollowHealth, logStart} from '../../store/port.ts'
import type {Outgoing} from '../outgoing.ts'
import type {Sink, SinkContext, SinkStatus} from '../sink.ts'
import {createAcknowledgements} from './acknowledgements.ts'
import {createAdmission} from './admission.ts'
import {type Clients, createClients} from './clients.ts'
import {createEncoder, type Encode} from './encode.ts'
import {createFeed, type Feed} from './feed.ts'
import {type Gate, openGate} from './gate.ts'
import {defaultLimits, type WebSocketLimits} from './limits.ts'
import {listenFaultText, listenOnFirst} from './listen.ts'
import {waitForClients} from './pace.ts'
import {createRefusals} from './refusals.ts'
import type {Hub} from './session.ts'
import {createShares} from './shares.ts'
import {spreadLog} from './spread-log.ts'
import {createTurns} from './turns.ts'

export interface WebSocketSinkOptions {
  settings: WebSocketSettings
  outgoing: Outgoing
  /** Signs or otherwise completes what is sent; nothing is added after it. */
  finish: (event: StoredEvent) => StoredEvent
  limits?: Partial<WebSocketLimits>
}

const reader = 'websocket'
/** Close codes of RFC 6455: the server goes away; it is restarted. */
const goingAway = 1001
const restart = 1012

/**
 * Sends events to WebSocket clients as they are recorded. `status().details` has `url`, `port`, `clients`, and counts
 * of frames that slow clients `missed` and connections that were `refused`.
 */
export function createWebSocketSink(options: WebSocketSinkOptions): Sink {
  const {settings, outgoing, finish} = options
  const limits = {...defaultLimits, ...options.limits}
  const status: SinkStatus = {reader, state: 'stopped', delivered: 0, failed: 0, waiting: 0}
  const counts = {missed: 0, refused: 0}
  let clients: Clients | undefined
  let feed: Feed | undefined
  let place: {url: string; port: number} | undefined

  async function run(context: SinkContext): Promise<void> {
    const {diagnostics, signal} = context
    status.state = 'starting'
    const refusals = createRefusals(diagnostics)
    let health: FollowHealth = {state: 'live'}
    let hub: Hub | undefined
    const here = createClients(limits)
    clients = here
    const encode = createEncoder({outgoing, finish, onFault: (event, error) => noteFault(context, event, error)})
    const gate = await openGate({
      admission: createAdmission(settings),
      limits,
      clients: here.count,
      isHealthy: () => health.state === 'live',
      // The server listens only where there is a feed, and with it a hub.
      onClient: (ws, socket, guest) => hub && here.add(ws, socket, guest, hub),
      onRefused(code, reason, address) {
        counts.refused++
        refusals.note(code, reason, address)
      },
    })
    try {
      while (!signal.aborted && place === undefined) {
        feed = createFeed((await context.store.head()) ?? logStart, encode)
        hub = hubOf(context, feed, encode)
        place = await listen(context, gate)
      }
      if (place === undefined || feed === undefined) return
      await spreadLog(context, feed, {
        onHealth: (now) => {
          health = now
          here.tell(now)
          noteHealth(context, now)
        },
        waitForClients: () => waitForClients(here.connections(), limits.patienceMs),
      })
    } catch (error) {
      status.state = 'failed'
      status.reason = messageOf(error)
      throw error
    } finally {
      refusals.close()
      place = undefined
      const [code, reason] = signal.aborted ? [goingAway, 'the server stops'] : [restart, 'the server is restarted']
      await here.close(gate.close(), code, reason)
      feed = undefined
      clients = undefined
      if (signal.aborted) status.state = 'stopped'
    }
  }

  function hubOf({store, state, log, startAt, now, diagnostics}: SinkContext, feed: Feed, encode: Encode): Hub {
    return {
      feed,
      store,
      encode,
      acknowledgements: createAcknowledgements({state, log, store, startAt, now, limits}),
      costly: createShares(limits.costlyFilters),
      inTurn: createTurns(limits.reads),
      limits,
      diagnostics,
      now,
      onSent: (count) => {
        status.delivered += count
      },
      onMissed: (count) => {
        counts.missed += count
      },
    }
  }

  /** Where it listens now; undefined when no port is free and all should be tried again. */
  async function listen(
    {diagnostics, signal}: SinkContext,
    gate: Gate,
  ): Promise<{url: string; port: number} | undefined> {
    const {bindAddress: host, ports} = settings
    const result = await listenOnFirst(gate.server, host, ports)
    if ('port' in result) {
      const {port} = result
      const url = `ws://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}/`
      status.state = 'running'
      delete status.reason
      diagnostics.info(`WebSocket: listening on ${url}`)
      return {url, port}
    }
    const reason = `${listenFaultText(host, result.faults)}; trying again every ${limits.portRetryMs} ms`
    if (status.reason !== reason) diagnostics.error(`WebSocket: ${reason}`)
    status.state = 'failed'
    status.reason = reason
    await pause(limits.portRetryMs, undefined, {signal}).catch(() => undefined)
    return undefined
  }

  function noteHealth({diagnostics}: SinkContext, health: FollowHealth): void {
    if (health.state === 'live') {
      if (status.state === 'paused') diagnostics.info('WebSocket: the event log is heard again')
      status.state = 'running'
      delete status.reason
      return
    }
    status.state = 'paused'
    status.reason = `the event log is not heard: ${health.reason}`
    diagnostics.warn(`WebSocket: ${status.reason}`)
  }

  function noteFault({diagnostics}: SinkContext, {eventId}: StoredEvent, error: unknown): void {
    status.failed++
    // The first, the tenth, the hundredth …: one cause may well spoil every event.
    if (/^10*$/.test(String(status.failed))) {
      diagnostics.error(`WebSocket: event ${eventId} could not be sent (${status.failed} so far): ${messageOf(error)}`)
    }
  }

  return {
    reader,
    run,
    status: () => ({
      ...status,
      position: feed?.position(),
      details: {url: place?.url, port: place?.port, clients: clients?.count() ?? 0, ...counts},
    }),
  }
}
