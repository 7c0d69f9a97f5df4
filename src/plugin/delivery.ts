import type {LoadedConfig} from '../lib/config/load.ts'
import type {StoreLocation} from '../lib/config/store-settings.ts'
import type {Diagnostics} from '../lib/delivery/diagnostics.ts'
import {messageOf} from '../lib/errors.ts'
import {type DeliveryStatus, type RunningDelivery, runDelivery} from '../lib/wiring/run-delivery.ts'
import type {Recording} from './recording.ts'

/** The sinks and the status ticker of a gateway. */
export interface PluginDelivery {
  start(): Promise<void>
  stop(): Promise<void>
  restart(): Promise<void>
  status(): DeliveryStatus
}

export interface PluginDeliveryOptions {
  loaded: LoadedConfig
  location: StoreLocation
  environment: NodeJS.ProcessEnv
  now: () => number
  diagnostics: Diagnostics
  recording: Recording
}

/** At a stop: the host gives a service a few seconds. */
const drainMs = 1500

export function createPluginDelivery(options: PluginDeliveryOptions): PluginDelivery {
  const {loaded, recording, diagnostics} = options
  const {enabled, status} = loaded.config
  let running: RunningDelivery | undefined
  let ticker: NodeJS.Timeout | undefined
  let turn = Promise.resolve()

  /** One after the other: the host may stop what is still starting. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error) => diagnostics.error(`delivery could not be started: ${messageOf(error)}`))
    return turn
  }

  async function start(): Promise<void> {
    if (!enabled || running !== undefined) return
    if (status.ticker) {
      ticker = setInterval(() => recording.tick(), status.tickIntervalMs)
      ticker.unref()
    }
    running = await runDelivery({...options, role: 'gateway', report: async (event) => recording.record([event])})
  }

  async function stop(): Promise<void> {
    clearInterval(ticker)
    await recording.flush()
    await running?.drain(drainMs)
    await running?.stop()
    running = undefined
  }

  return {
    start: () => inTurn(start),
    stop: () => inTurn(stop),
    restart: () =>
      inTurn(async () => {
        await stop()
        await start()
      }),
    status: () => running?.status() ?? {isOwner: false, sinks: []},
  }
}
