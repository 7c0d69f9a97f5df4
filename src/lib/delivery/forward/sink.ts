import {messageOf} from '../../errors.ts'
import type {EventTest} from '../../filter/compile.ts'
import {everything, type Filter} from '../../filter/filter.ts'
import type {EventStore} from '../../store/port.ts'
import type {StateStore} from '../../store/state-port.ts'
import {pause} from '../pause.ts'
import type {Sink, SinkContext, SinkStatus} from '../sink.ts'
import type {Refusal} from './send.ts'
import {forwardEvents, type SessionWatch} from './session.ts'

export interface ForwarderOptions {
  /** Its reader is `forward:<name>`. */
  name: string
  /** The events to forward: what the filter lets through, and of that what `wants` does. Default: all. */
  filter?: Filter
  wants?: EventTest
  /** Opens the log that events are forwarded to. Called again after every failure. */
  openTarget: () => Promise<EventStore>
  /** What that log is called. Another name is another log: it gets everything from the start. */
  nameTarget: (target: EventStore) => Promise<string>
  /** How soon it tries again after a failure, at first and at the latest. Default: 250 ms and 5 s. */
  retry?: {firstMs: number; longestMs: number}
}

const defaultRetry = {firstMs: 250, longestMs: 5000}
/** After the signal, what is being sent may be acknowledged for so long. */
const stopMs = 2000
const closeMs = 1000
/** Refusals are said no more often. */
const sayAgainMs = 60_000

/**
 * Forwards the log to another one. Each event is there once, in the order of this log, whatever is killed or restarted
 * on the way. While the other log cannot be reached, events wait in this one; what it refuses for good becomes a dead
 * delivery. Forwarding is storage: all events go, as they are, confidential ones, too.
 */
export function createForwarder(options: ForwarderOptions): Sink {
  const {name, filter = everything, wants = () => true, openTarget, nameTarget, retry = defaultRetry} = options
  const reader = `forward:${name}`
  const status: SinkStatus = {reader, state: 'stopped', delivered: 0, failed: 0, waiting: 0}
  let retryMs = retry.firstMs
  let saidAt = Number.NEGATIVE_INFINITY

  function noteOutage(thrown: unknown, {diagnostics, now}: SinkContext): void {
    const reason = messageOf(thrown)
    if (status.state !== 'paused') {
      diagnostics.warn(`${reader}: events wait in the embedded log, since they cannot be forwarded: ${reason}`)
      status.details = {...status.details, pausedSince: new Date(now()).toISOString()}
    }
    status.state = 'paused'
    status.reason = reason
    status.waiting = 0
  }

  function noteLife({diagnostics}: SinkContext): void {
    retryMs = retry.firstMs
    if (status.state === 'running') return
    if (status.state === 'paused') diagnostics.info(`${reader}: events are forwarded again`)
    const {pausedSince: _, ...details} = status.details ?? {}
    status.details = details
    status.state = 'running'
    delete status.reason
  }

  function noteRefusals(refused: readonly Refusal[], {diagnostics}: SinkContext): void {
    status.failed += refused.length
    if (refused.length === 0 || performance.now() - saidAt < sayAgainMs) return
    saidAt = performance.now()
    diagnostics.warn(
      `${reader}: ${refused.length} events were refused and are kept as dead deliveries: ${refused[0]!.reason}`,
    )
  }

  function watchOf(context: SinkContext): SessionWatch {
    return {
      placed(position) {
        if (status.state === 'starting') noteLife(context)
        status.position = position
      },
      sending(events) {
        status.waiting = events
      },
      progress(position, delivered, refused) {
        noteLife(context)
        noteRefusals(refused, context)
        status.waiting = 0
        status.delivered += delivered
        status.position = position
      },
      idle(position) {
        noteLife(context)
        status.position = position
      },
    }
  }

  async function session(context: SinkContext): Promise<void> {
    const target = await openTarget()
    try {
      const targetName = await nameTarget(target)
      status.details = {...status.details, target: targetName}
      await forwardEvents({reader, filter, wants, target, targetName, context, watch: watchOf(context)})
    } finally {
      await Promise.race([target.close().catch(() => undefined), after(closeMs)])
    }
  }

  return {
    reader,
    status: () => ({...status}),
    async run(context) {
      const {signal} = context
      const overdue = stopped(signal)
      status.state = 'starting'
      while (!signal.aborted) {
        let isLeft = false
        const state = commitsUntil(() => isLeft, context.state)
        const going = session({...context, state}).catch((thrown) => {
          if (!signal.aborted) noteOutage(thrown, context)
          return 'failed' as const
        })
        const outcome = await Promise.race([going, overdue])
        isLeft = true
        if (outcome !== 'failed') continue
        await pause(retryMs, signal)
        retryMs = Math.min(retryMs * 2, retry.longestMs)
      }
      status.state = 'stopped'
      status.waiting = 0
    },
  }
}

/** A session that was left to itself must not put back the cursor that the next owner has moved. */
function commitsUntil(isOver: () => boolean, state: StateStore): StateStore {
  return {
    ...state,
    async commit(step) {
      if (isOver()) throw new Error('the forwarder was stopped')
      await state.commit(step)
    },
  }
}

/** Resolves some time after the signal has aborted. */
function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wait = () => void after(stopMs).then(resolve)
    if (signal.aborted) wait()
    else signal.addEventListener('abort', wait, {once: true})
  })
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
