import {Exit} from '../lib/errors.ts'
import type {StoredEvent} from '../lib/event/envelope.ts'
import type {ReplayResult} from '../lib/replay/replay.ts'
import {placeText} from '../lib/replay/same-log.ts'
import {storeTarget} from '../lib/replay/store-target.ts'
import type {ReplayTarget} from '../lib/replay/target.ts'
import type {EventStore} from '../lib/store/port.ts'
import {createBridgePrinter} from './print-bridge.ts'
import type {PrintFlags} from './print-events.ts'
import {type DestinationFlags, destinationKind} from './replay-flags.ts'
import {failureText, resultText, waitText, webhookText} from './replay-text.ts'
import {stdoutTarget} from './stdout-target.ts'
import type {Terminal} from './terminal.ts'

/** Where a replay goes to, and how it is said what came of it. */
export interface Destination {
  /** Its name in the file of `--resume`. */
  to: string
  /** What a dry run shows each event to, and what it says besides. */
  look?: (event: StoredEvent) => unknown
  counts?: () => Record<string, number>
  /** Takes note of what an earlier part of this replay has done. */
  recall?: (events: AsyncIterable<StoredEvent>) => Promise<void>
  open(): Promise<ReplayTarget>
  /** After the end, or the interruption. */
  end(result: ReplayResult): Promise<void>
}

export interface DestinationOptions {
  flags: DestinationFlags & PrintFlags & {config?: string; state?: string}
  store: EventStore
  term: Terminal
  signal: AbortSignal
  isPaced: boolean
  environment: NodeJS.ProcessEnv
  /** Opens the other log, which `--to` names. */
  openOther(): Promise<EventStore>
}

/** Where `--to` leads. Another log is opened when events are to be sent only. */
export async function openDestination(options: DestinationOptions): Promise<Destination> {
  const kind = destinationKind(options.flags)
  if (kind === 'webhook') return webhookDestination(options)
  if (kind === 'bridge') return bridgeDestination(options)
  return kind === 'store' ? storeDestination(options) : stdoutDestination(options)
}

function stdoutDestination({flags, term, signal}: DestinationOptions): Destination {
  const printer = stdoutTarget(flags, term, signal)
  return {
    to: 'stdout',
    open: async () => printer,
    end: async ({interrupted}) => (interrupted ? undefined : printer.end()),
  }
}

async function storeDestination({flags, term, isPaced, openOther}: DestinationOptions): Promise<Destination> {
  const other = await openOther()
  return {
    to: placeText(await other.describe()),
    open: async () => storeTarget(other, {isPaced}),
    end: async (result) => term.outcome(flags.json || flags.ndjson ? JSON.stringify(result) : resultText(result)),
  }
}

async function webhookDestination(options: DestinationOptions): Promise<Destination> {
  const {flags, term, signal, environment} = options
  const {openWebhookReplay} = await import('../lib/wiring/open-replay.ts')
  const {to, sift, open} = await openWebhookReplay({
    url: flags.to,
    source: sourceOf(options, environment),
    secretEnv: flags['secret-env'],
    allowPrivate: flags['allow-private'] ?? false,
    now: Date.now,
  })
  return {
    to,
    look: sift.take,
    counts: sift.counts,
    open: () => open({signal, random: Math.random, onRetry: (retry) => term.note(waitText(retry))}),
    async end(result) {
      term.outcome(flags.json || flags.ndjson ? JSON.stringify(result) : webhookText(result))
      const [failure] = result.failed ?? []
      if (failure === undefined) return
      term.note(failureText(failure))
      process.exitCode = Exit.failed
    },
  }
}

async function bridgeDestination(options: DestinationOptions): Promise<Destination> {
  const {flags, store, term, signal, environment} = options
  const isRun = flags['run-actions'] ?? false
  const [{openBridgeReplay}, {bridgePreview, bridgeTarget}] = await Promise.all([
    import('../lib/wiring/open-replay.ts'),
    import('../lib/replay/target-bridge.ts'),
  ])
  const note = (message: string) => term.note(message)
  const {to, judge, parts} = await openBridgeReplay({source: sourceOf(options, environment), store, isRun, note})
  const printer = createBridgePrinter(flags, term)
  const {settle} = stdoutTarget(flags, term, signal)
  return {
    to,
    look: judge.take,
    counts: judge.counts,
    async recall(events) {
      for await (const event of events) await judge.take(event)
      judge.begin()
    },
    open: async () =>
      isRun
        ? bridgeTarget({...parts, judge, onAction: printer.action, signal})
        : bridgePreview(judge, {onAction: printer.action, settle}),
    async end(result) {
      if (!result.interrupted || isRun) printer.end(result)
      if (Number(result['failed'] ?? 0) > 0) process.exitCode = Exit.failed
    },
  }
}

function sourceOf({flags: {config, state}}: DestinationOptions, env: NodeJS.ProcessEnv) {
  return {config, state, env}
}
