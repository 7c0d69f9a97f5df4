import type {ActionRunner} from '../actions/runner.ts'
import type {HookBridgeSettings} from '../config/schema/hook-bridge.ts'
import {runJob} from '../delivery/bridge/perform.ts'
import {createJobQueue, type Job} from '../delivery/bridge/queue.ts'
import {createLowWatermark} from '../delivery/low-watermark.ts'
import type {Outgoing} from '../delivery/outgoing.ts'
import type {Position, StoredEvent} from '../event/envelope.ts'
import type {BridgeJudge} from './bridge-judge.ts'
import type {ReplayTarget} from './target.ts'

/** One action that a rule starts for an event, and how it ended where it was run. */
export interface BridgeAction {
  eventId: string
  position: Position
  type: string
  ruleId: string
  actionId: string
  ok?: boolean
  durationMs?: number
  /** Why it failed, without secrets. */
  error?: string
}

/** Takes an action that is to be said. Resolves when the next one may come. */
type OnAction = (action: BridgeAction, event: StoredEvent) => Promise<void>

/** Says which rule would start which action for which event, as if every action ended well. Runs none. */
export function bridgePreview(
  judge: BridgeJudge,
  {onAction, settle}: {onAction: OnAction; settle: () => Promise<void>},
): ReplayTarget {
  return {
    async send(event) {
      for (const job of await judge.take(event)) await onAction(actionOf(job), event)
    },
    settle,
    counts: () => judge.counts(),
  }
}

export interface BridgeTargetOptions {
  judge: BridgeJudge
  runtime: HookBridgeSettings['runtime']
  outgoing: Outgoing
  runAction: ActionRunner
  onAction: OnAction
  signal: AbortSignal
  /** How long actions that run may go on once the command was told to stop, in milliseconds. Default 2000. */
  stopMs?: number
}

/** Events behind one whose action still runs, at most; then the log waits. */
const mostOpen = 10_000

/**
 * Runs the actions, a few at a time, as the bridge does, but waits where that would leave out some. A failure is said,
 * and not tried again. What had not ended when it was stopped is not behind the place that it has reached.
 */
export function bridgeTarget(options: BridgeTargetOptions): ReplayTarget {
  const {judge, runtime, outgoing, runAction, onAction, signal, stopMs = 2000} = options
  const counts = {succeeded: 0, failed: 0, merged: 0}
  const kill = new AbortController()
  const progress = createProgress()
  let late: NodeJS.Timeout | undefined
  let wake: (() => void) | undefined
  const queue = createJobQueue({
    concurrency: runtime.concurrency,
    // `send` waits for room, so that nothing is left out.
    maxPending: Number.POSITIVE_INFINITY,
    dropPolicy: runtime.dropPolicy,
    run,
    onDrop: () => undefined,
    onCoalesced({position}) {
      counts.merged++
      progress.end(position)
    },
  })

  const stop = () => {
    queue.stop()
    wake?.()
    late = setTimeout(() => kill.abort(), stopMs)
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, {once: true})

  async function run(job: Job): Promise<void> {
    const began = performance.now()
    const outcome = await runJob(job, {outgoing, runAction, signal: kill.signal})
    if (outcome !== undefined && !(kill.signal.aborted && !outcome.ok)) {
      if (outcome.ok) counts.succeeded++
      else {
        counts.failed++
        judge.failed(job.rule.id)
      }
      const durationMs = Math.round(performance.now() - began)
      const ended = {...actionOf(job), ok: outcome.ok, durationMs, ...(!outcome.ok && {error: outcome.message})}
      // It was done, whether or not anybody still reads what is said of it.
      await onAction(ended, job.event).catch(() => undefined)
      progress.end(job.event.position)
    }
    wake?.()
  }

  async function untilRoom(): Promise<void> {
    while (queue.pending >= runtime.maxPendingEvents || progress.open >= mostOpen) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    signal.throwIfAborted()
  }

  return {
    async send(event) {
      await untilRoom()
      const jobs = await judge.take(event)
      progress.begin(event.position, jobs.length)
      for (const job of jobs) {
        await untilRoom()
        queue.push(job, judge.now())
      }
    },
    settle: () => queue.idle(),
    reached: () => progress.reached(),
    counts: () => ({...judge.counts(), ...counts}),
    async close() {
      signal.removeEventListener('abort', stop)
      clearTimeout(late)
    },
  }
}

/** Up to where the work on all events has ended, and how many events that are. */
function createProgress() {
  const mark = createLowWatermark()
  // Like the marks: of events without work in a row, the last stands for all.
  const begun: Array<{position: Position; read: number; isIdle: boolean}> = []
  let read = 0
  let reached: {position: Position; read: number} | undefined

  function advance(): void {
    const done = mark.position()
    while (done !== undefined && begun[0] !== undefined && begun[0].position <= done) {
      const {position, read: count} = begun.shift()!
      reached = {position, read: count}
    }
  }

  return {
    begin(position: Position, work: number) {
      read++
      if (work === 0 && begun.at(-1)?.isIdle) begun.pop()
      begun.push({position, read, isIdle: work === 0})
      mark.begin(position, work)
      advance()
    },
    end(position: Position) {
      mark.end(position)
      advance()
    },
    reached: () => reached,
    get open() {
      return begun.length
    },
  }
}

function actionOf({rule, event: {eventId, position, type}}: Job): BridgeAction {
  return {eventId, position, type, ruleId: rule.id, actionId: rule.actionId}
}
