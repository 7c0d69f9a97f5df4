import type {ActionRunner} from '../../actions/runner.ts'
import type {RetryPolicy} from '../../config/schema/delivery.ts'
import type {HookBridgeSettings} from '../../config/schema/hook-bridge.ts'
import type {Position, StoredEvent} from '../../event/envelope.ts'
import {everything} from '../../filter/filter.ts'
import type {CompileShell} from '../../guard/shell-condition.ts'
import {inBatches} from '../batches.ts'
import {createCursorSaver} from '../cursor-saver.ts'
import {createLowWatermark} from '../low-watermark.ts'
import type {Outgoing} from '../outgoing.ts'
import type {Sink, SinkContext, SinkStatus} from '../sink.ts'
import {type Cooldowns, createCooldowns} from './cooldowns.ts'
import {bridgeReader, createPerformer} from './perform.ts'
import {createJobQueue, type Job} from './queue.ts'
import {type CompiledBridge, type CompiledBridgeRule, compileBridge} from './rules.ts'
import {loadStatuses, type Statuses} from './statuses.ts'
import {createTelemetry} from './telemetry.ts'

export interface BridgeOptions {
  settings: HookBridgeSettings
  retry: RetryPolicy
  outgoing: Outgoing
  run: ActionRunner
  compileShell?: CompileShell
  /** In [0, 1): spreads retries. */
  random: () => number
}

const reader = 'bridge'
const batchEvents = 200
const retryLookMs = 1000
const retriesAtOnce = 100

/**
 * Starts actions when events match: at least once for each event that a rule does not hold back. What was not done
 * when the process ended is done by the next; an action that failed, or that did not fit into the queue, stands in the
 * state store (`deliveries list`), and is tried again where that does no harm.
 */
export function createBridgeSink(options: BridgeOptions): Sink {
  const status: SinkStatus = {reader, state: 'stopped', delivered: 0, failed: 0, waiting: 0}
  return {
    reader,
    status: () => ({...status}),
    async run(context) {
      status.state = 'starting'
      try {
        const {from, cooldowns, statuses} = await resume(context)
        const dispatcher = createDispatcher(options, context, {cooldowns, statuses, status})
        status.state = 'running'
        await dispatcher.run(from)
        status.state = 'stopped'
      } catch (error) {
        status.state = 'failed'
        throw error
      }
    },
  }
}

interface Memory {
  cooldowns: Cooldowns
  statuses: Statuses
}

/** Where it goes on, with what is remembered from before; a new bridge takes its place at once. */
async function resume({store, state, log, startAt}: SinkContext): Promise<Memory & {from: Position}> {
  const saved = await state.cursor(reader)
  const cursor = saved?.log === log ? saved : undefined
  const from = cursor?.position ?? (startAt === 'start' ? '' : ((await store.head()) ?? ''))
  if (cursor === undefined) await state.commit({reader, cursor: {log, position: from}})
  return {from, cooldowns: createCooldowns(cursor?.details), statuses: await loadStatuses(store, from)}
}

function createDispatcher(
  {settings, retry, outgoing, run: runAction, compileShell, random}: BridgeOptions,
  {store, state, log, signal, now, diagnostics}: SinkContext,
  {cooldowns, statuses, status}: Memory & {status: SinkStatus},
) {
  const {runtime, dryRun} = settings
  const bridge: CompiledBridge = compileBridge(settings, {statusOf: (agent) => statuses.get(agent), compileShell})
  const telemetry = createTelemetry({settings: settings.telemetry, runtime, diagnostics})
  const shared = {state, signal, now, diagnostics}
  const performer = createPerformer({...shared, retry, outgoing, runAction, cooldowns, telemetry, random})
  const place = createLowWatermark()
  const broken = new AbortController()
  const saver = createCursorSaver({
    state,
    reader,
    log,
    place() {
      const position = place.position()
      return position === undefined ? undefined : {position, details: cooldowns.details(now())}
    },
    onFault: giveUp,
  })
  const queue = createJobQueue({
    concurrency: runtime.concurrency,
    maxPending: runtime.maxPendingEvents,
    dropPolicy: runtime.dropPolicy,
    run: (job) => perform(job),
    onDrop(job) {
      diagnostics.warn(`bridge: rule "${job.rule.id}" left out an event, because ${runtime.maxPendingEvents} wait`)
      performer.bury(job, 'too many actions were waiting').then(() => finish(job), giveUp)
    },
    onCoalesced: (event) => place.end(event.position),
  })
  const retrying = new Set<string>()

  /** Nothing can be promised without the state store: the sink ends with its fault and is started again. */
  function giveUp(error: unknown): void {
    broken.abort(error)
    queue.stop()
  }

  function finish({event}: Job): void {
    place.end(event.position)
    status.position = place.position()
    saver.touch()
  }

  async function perform(job: Job): Promise<void> {
    try {
      const end = await performer.perform(job)
      if (end === 'stopped') return
      if (end === 'done') status.delivered++
      else status.failed++
      finish(job)
      telemetry.queue(queue.pending, queue.running, now())
    } catch (error) {
      giveUp(error)
    }
  }

  function isDue(rule: CompiledBridgeRule, {type, eventId}: StoredEvent): boolean {
    const {id, actionId, action, cooldownMs} = rule
    if (action === undefined) {
      diagnostics.warn(`bridge: rule "${id}" names the action "${actionId}", which there is not`)
      return false
    }
    if (!cooldowns.take(id, cooldownMs, now())) return false
    if (dryRun) diagnostics.info(`bridge, dry run: rule "${id}" would start "${actionId}" for ${type} ${eventId}`)
    return !dryRun
  }

  function take(event: StoredEvent): void {
    statuses.take(event)
    const matching = outgoing.wants(event) ? bridge.matching(event, now()) : []
    const due = matching.filter((rule) => isDue(rule, event))
    place.begin(event.position, due.length)
    for (const rule of due) queue.push({rule, event, attempts: 0}, now())
    if (due.length > 0) telemetry.queue(queue.pending, queue.running, now())
  }

  async function retryWaiting(): Promise<void> {
    for (const rule of dryRun ? [] : bridge.rules) {
      const ask = {reader: bridgeReader(rule.id), state: 'waiting', dueBy: now(), limit: retriesAtOnce} as const
      for (const {eventId, position, event, attempts} of await state.deliveries(ask)) {
        const key = JSON.stringify([rule.id, eventId])
        if (retrying.has(key) || rule.action === undefined) continue
        retrying.add(key)
        const job = {rule, event: {storedAt: event.timestamp, ...event, position}, attempts: Math.max(1, attempts)}
        void perform(job).finally(() => retrying.delete(key))
      }
    }
  }

  return {
    async run(from: Position): Promise<void> {
      const timer = setInterval(() => void retryWaiting().catch(giveUp), retryLookMs)
      timer.unref()
      try {
        const own = AbortSignal.any([signal, broken.signal])
        for await (const batch of inBatches(store.follow(everything, {from, signal: own}), batchEvents)) {
          for (const event of batch) take(event)
          status.waiting = queue.pending + queue.running
          status.position = place.position()
          saver.touch()
        }
        queue.stop()
        await queue.idle()
        await saver.flush()
        if (broken.signal.aborted) throw broken.signal.reason
      } finally {
        clearInterval(timer)
        queue.stop()
      }
    },
  }
}
