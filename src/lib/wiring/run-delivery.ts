import type {LoadedConfig} from '../config/load.ts'
import type {StoreLocation} from '../config/store-settings.ts'
import type {Diagnostics} from '../delivery/diagnostics.ts'
import {pause} from '../delivery/pause.ts'
import {runSinks} from '../delivery/run-sinks.ts'
import type {Sink, SinkStatus} from '../delivery/sink.ts'
import {messageOf} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'
import type {EventStore} from '../store/port.ts'
import type {StateStore} from '../store/state-port.ts'
import {openSinks} from './open-sinks.ts'
import {logName, openState} from './open-state.ts'
import {openStore} from './open-store.ts'

export interface DeliveryOptions {
  loaded: LoadedConfig
  /** The log whose events are delivered. */
  location: StoreLocation
  environment: NodeJS.ProcessEnv
  /** Epoch milliseconds. */
  now: () => number
  diagnostics: Diagnostics
  /** What this process is, as `status` shows it: `gateway`, `serve`. */
  role: string
  startAt?: 'now' | 'start'
  /** Takes events about delivery itself into the log; default: the log that is delivered. Never rejects. */
  report?: (event: ClawEvent) => Promise<void>
}

/** Sinks that run until they are stopped. */
export interface RunningDelivery {
  status(): DeliveryStatus
  /** Waits until the outbox has forwarded what the log holds now, for at most so long. Never rejects. */
  drain(timeoutMs: number): Promise<void>
  /** Ends the sinks within a few seconds; what they had not done stays behind their cursors. */
  stop(): Promise<void>
}

export interface DeliveryStatus {
  /** Whether this process runs the sinks; otherwise another of the same state directory does. */
  isOwner: boolean
  sinks: SinkStatus[]
}

/** The longest that stopping waits for sinks to end. */
const stopMs = 4000

/** Opens the log and the state store, and runs every sink that the configuration asks for. */
export async function runDelivery(options: DeliveryOptions): Promise<RunningDelivery> {
  const {loaded, location, now, role, startAt = 'now'} = options
  const {sinks, diagnostics} = await openSinks(options)
  if (sinks.length === 0 || loaded.config.transport.mode === 'follower') return nothingToRun
  const store = await openStore(location, {whenMissing: 'create'})
  const state = await openState(loaded.stateDir).catch(async (error) => {
    await store.close()
    throw error
  })
  const stop = new AbortController()
  let isOwner = false
  const running = runSinks({
    sinks,
    store,
    state,
    log: await logName(store),
    diagnostics,
    now,
    startAt,
    role,
    signal: stop.signal,
    report: options.report ?? reportTo(store, diagnostics),
    onOwner: (owns) => {
      isOwner = owns
    },
  })
  running.catch((error) => diagnostics.error(`delivery ended: ${messageOf(error)}`))
  let stopped: Promise<void> | undefined
  return {
    status: () => ({isOwner, sinks: sinks.map((sink) => sink.status())}),
    drain: (timeoutMs) => (isOwner ? drain(sinks, store, timeoutMs) : Promise.resolve()),
    stop() {
      stopped ??= end({running, store, state, diagnostics, stop})
      return stopped
    },
  }
}

const nothingToRun: RunningDelivery = {
  status: () => ({isOwner: false, sinks: []}),
  drain: async () => undefined,
  stop: async () => undefined,
}

const drainLookMs = 20

async function drain(sinks: readonly Sink[], store: EventStore, timeoutMs: number): Promise<void> {
  const head = await store.head().catch(() => undefined)
  const outbox = sinks.filter(({reader}) => reader.startsWith('forward:'))
  if (head === undefined || outbox.length === 0) return
  const late = AbortSignal.timeout(timeoutMs)
  // A forwarder that its server keeps waiting goes on at the next start; the host is not kept waiting for it.
  const isBehind = (sink: Sink) => {
    const {state, position = ''} = sink.status()
    return state === 'running' && position < head
  }
  while (!late.aborted && outbox.some(isBehind)) await pause(drainLookMs, late)
}

interface Ending {
  running: Promise<void>
  store: EventStore
  state: StateStore
  diagnostics: Diagnostics
  stop: AbortController
}

async function end({running, store, state, diagnostics, stop}: Ending): Promise<void> {
  stop.abort()
  const {promise: late, resolve} = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => resolve('late'), stopMs)
  const outcome = await Promise.race([running.catch(() => undefined), late])
  clearTimeout(timer)
  if (outcome === 'late') diagnostics.warn(`some sinks did not end within ${stopMs} ms`)
  await store.close()
  await state.close()
}

function reportTo(store: EventStore, diagnostics: Diagnostics): (event: ClawEvent) => Promise<void> {
  return async (event) => {
    try {
      await store.append([event])
    } catch (error) {
      diagnostics.warn(`${event.type} could not be recorded: ${messageOf(error)}`)
    }
  }
}
