import type {RunOutcome} from '../../actions/outcome.ts'
import type {ActionRunner} from '../../actions/runner.ts'
import type {RetryPolicy} from '../../config/schema/delivery.ts'
import type {Outgoing} from '../outgoing.ts'
import type {SinkContext} from '../sink.ts'
import type {Cooldowns} from './cooldowns.ts'
import type {Job} from './queue.ts'
import type {BridgeTelemetry} from './telemetry.ts'

/** What actions of a rule that failed are called in the state store. */
export const bridgeReader = (ruleId: string) => `bridge:${ruleId}`

export interface PerformOptions extends Pick<SinkContext, 'state' | 'signal' | 'now' | 'diagnostics'> {
  retry: RetryPolicy
  outgoing: Outgoing
  runAction: ActionRunner
  cooldowns: Cooldowns
  telemetry: BridgeTelemetry
  /** In [0, 1): spreads retries. */
  random: () => number
}

/** Runs a job's action once, with the event as it leaves; undefined where the rule names none. Never rejects. */
export async function runJob(
  {rule, event}: Pick<Job, 'rule' | 'event'>,
  {outgoing, runAction, signal}: Pick<PerformOptions, 'outgoing' | 'runAction' | 'signal'>,
): Promise<RunOutcome | undefined> {
  if (rule.action === undefined) return undefined
  return runAction(rule.action, {ruleId: rule.id, event: {...outgoing.prepare(event)}}, {signal})
}

export interface Performer {
  /** Runs the job's action; false when it was stopped on the way and has to be done again. Rejects with the state store. */
  perform(job: Job): Promise<'done' | 'failed' | 'stopped'>
  /** Puts a job that is not run among the dead. */
  bury(job: Job, why: string): Promise<void>
}

export function createPerformer(options: PerformOptions): Performer {
  const {state, signal, now, diagnostics, retry, outgoing, cooldowns, telemetry, random} = options

  async function failed(job: Job, message: string): Promise<void> {
    const {rule} = job
    cooldowns.release(rule.id)
    const attempts = job.attempts + 1
    // A script may have done half of what it does; only the operator knows whether it may run twice.
    const isRetried = rule.action?.type === 'webhook' && attempts < Math.max(1, retry.maxAttempts)
    const next = isRetried ? ' and is tried again' : ''
    diagnostics.warn(`bridge: the action of rule "${rule.id}" failed${next}: ${message}`)
    await keep({...job, attempts}, isRetried ? 'waiting' : 'dead', message)
  }

  function keep({rule, event, attempts}: Job, kept: 'waiting' | 'dead', lastError: string): Promise<void> {
    const delayMs = Math.min(retry.initialDelayMs * retry.backoffMultiplier ** (attempts - 1), retry.maxDelayMs)
    const at = now()
    const nextAt = at + Math.round(delayMs * (0.5 + random() / 2))
    const {eventId, position} = event
    const delivery = {eventId, position, state: kept, attempts, nextAt, addedAt: at, lastError}
    return state.commit({reader: bridgeReader(rule.id), put: [{...delivery, event: outgoing.prepare(event)}]})
  }

  return {
    async perform(job) {
      const began = performance.now()
      const {rule, event, attempts} = job
      const outcome = await runJob(job, options)
      if (outcome === undefined) return 'done'
      if (!outcome.ok && signal.aborted) return 'stopped'
      telemetry.action(rule.id, outcome.ok, performance.now() - began, now())
      if (!outcome.ok) {
        await failed(job, outcome.message)
        return 'failed'
      }
      if (attempts > 0) await state.commit({reader: bridgeReader(rule.id), remove: [event.eventId]})
      return 'done'
    },
    bury: (job, why) => keep(job, 'dead', why),
  }
}
