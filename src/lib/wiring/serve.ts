import {configError} from '../config/faults.ts'
import {loadConfig} from '../config/load.ts'
import type {SourceOptions} from '../config/sources.ts'
import type {StoreLocation} from '../config/store-settings.ts'
import type {Diagnostics} from '../delivery/diagnostics.ts'
import {pause} from '../delivery/pause.ts'
import {ClawError, Exit} from '../errors.ts'
import {runDelivery} from './run-delivery.ts'

export interface ServeOptions {
  location: StoreLocation
  source: SourceOptions
  startAt: 'now' | 'start'
  environment: NodeJS.ProcessEnv
  /** Epoch milliseconds. */
  now: () => number
  diagnostics: Diagnostics
  signal: AbortSignal
}

/** How often it is looked for something new to say. */
const lookMs = 500

/** Runs the configured sinks until the signal aborts. CONFIG_INVALID with every fault; USAGE where there is no sink. */
export async function serve(options: ServeOptions): Promise<void> {
  const {location, source, signal, diagnostics, environment, now, startAt} = options
  const loaded = await loadConfig(source)
  if (loaded.faults.length > 0) throw configError(loaded.faults)
  for (const note of loaded.notes) diagnostics.warn(note)
  const delivery = await runDelivery({loaded, location, environment, now, diagnostics, startAt, role: 'serve'})
  try {
    if (delivery.status().sinks.every(({reader}) => reader === 'retention')) throw nothingToServe()
    const say = createTeller(diagnostics)
    while (!signal.aborted) {
      say(delivery.status())
      await pause(lookMs, signal)
    }
  } finally {
    await delivery.stop()
  }
}

/** Says each change of a sink's state once. */
function createTeller(diagnostics: Diagnostics) {
  const known = new Map<string, string>()
  let looks = 0
  const tell = (name: string, state: string) => {
    if (known.get(name) === state) return
    known.set(name, state)
    diagnostics.info(`${name}: ${state}`)
  }
  return ({isOwner, sinks}: ReturnType<Awaited<ReturnType<typeof runDelivery>>['status']>) => {
    // The lease is asked for while this is looked at for the first time.
    if (!isOwner && looks++ === 0) return
    if (!isOwner) return tell('sinks', 'another process of this state directory runs them; waiting to take over')
    for (const {reader, state, reason, details} of sinks) {
      const where = typeof details?.['url'] === 'string' ? ` at ${details['url']}` : ''
      tell(reader, `${state}${where}${reason === undefined ? '' : ` (${reason})`}`)
    }
  }
}

function nothingToServe(): ClawError {
  return new ClawError('USAGE', 'the configuration switches every sink off', {
    exit: Exit.usage,
    suggestions: [
      'switch on security.ws, webhooks, eventLog or hookBridge; `claw-events config show` tells what is set',
    ],
  })
}
