import type {RetryPolicy} from '../../config/schema/delivery.ts'
import {jitteredMs} from './backoff.ts'
import type {Gate} from './gate.ts'
import type {Health} from './health.ts'
import {deliveryOf, type Item} from './item.ts'
import type {Ledger} from './ledger.ts'
import type {Outcome} from './outcome.ts'
import type {Report} from './report.ts'
import type {EndpointView} from './view.ts'

export interface SettleOptions {
  ledger: Ledger
  gate: Gate
  health: Health
  report: Report
  /** Counts attempts. */
  view: Pick<EndpointView, 'delivered' | 'failed'>
  retry: RetryPolicy
  random: () => number
  /** Epoch milliseconds. */
  now: () => number
  /** Stops sending to this endpoint until somebody enables it. */
  disable(reason: string): void
}

/** So many dead letters of one endpoint are kept; then it must be looked at. */
const mostDead = 100_000

/** What becomes of events after an attempt. */
export interface Settler {
  /** Takes note of an attempt and says what it means for the event. */
  note(item: Item, outcome: Outcome): 'done' | 'again' | 'give up' | 'stop'
  /** The event was delivered, or is to be tried again later, from the state store. */
  settle(item: Item, outcome: Outcome): void
  bury(item: Item, reason: string): void
}

export function createSettler(options: SettleOptions): Settler {
  const {ledger, gate, health, report, view, retry, random, now, disable} = options
  const most = Math.max(1, retry.maxAttempts)
  /** All attempts of what has failed and is still wanted: how long to wait depends on these. */
  const tries = new Map<string, number>()

  function forget({eventId}: Item): void {
    tries.delete(eventId)
  }

  /**
   * The last attempt that an event has must be one while the endpoint works for others: an endpoint that is down
   * makes no dead letters.
   */
  function countAttempt(item: Item): void {
    const works = health.worksSince(item.addedAt)
    item.attempts = works ? item.attempts + 1 : Math.min(item.attempts + 1, most - 1)
    tries.set(item.eventId, (tries.get(item.eventId) ?? 0) + 1)
  }

  function postpone(item: Item, lastError: string, waitMs: number): void {
    ledger.put(deliveryOf(item, {state: 'waiting', nextAt: now() + waitMs, lastError}), item.isTaken)
  }

  const settler: Settler = {
    note(item, outcome) {
      switch (outcome.kind) {
        case 'delivered':
          health.succeeded()
          gate.succeeded()
          view.delivered++
          report.delivered(item)
          return 'done'
        case 'failed':
        case 'refused':
          health.failed()
          if (outcome.kind === 'failed') {
            gate.failed(item.eventId, outcome.reason, outcome.waitMs)
            countAttempt(item)
          } else {
            gate.refused(outcome.reason)
            item.attempts++
          }
          view.failed++
          if (health.isGivenUp) disable(`it has failed for days; the last time: ${outcome.reason}`)
          if (outcome.kind === 'refused' || item.attempts >= most) return 'give up'
          report.failed(item, outcome.reason)
          return 'again'
        case 'gone':
          disable(outcome.reason)
          return 'stop'
        case 'aborted':
          return 'stop'
      }
    },
    settle(item, outcome) {
      const verdict = settler.note(item, outcome)
      if (verdict === 'done') {
        forget(item)
        if (item.isTaken) ledger.settle(item.position)
        else ledger.remove(item.eventId)
        return
      }
      const reason = 'reason' in outcome ? outcome.reason : 'stopped by us'
      if (verdict === 'give up') return settler.bury(item, reason)
      const asked = (outcome.kind === 'failed' && outcome.waitMs) || 0
      const waitMs = verdict === 'stop' ? 0 : Math.max(asked, jitteredMs(retry, tries.get(item.eventId) ?? 1, random))
      postpone(item, reason, waitMs)
    },
    bury(item, reason) {
      forget(item)
      ledger.put(deliveryOf(item, {state: 'dead', nextAt: now(), lastError: reason}), item.isTaken)
      report.buried(item, reason)
      if (ledger.counts.dead >= mostDead) disable(`it has ${ledger.counts.dead} dead letters`)
    },
  }
  return settler
}
