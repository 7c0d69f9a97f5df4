import type {HookBridgeSettings} from '../config/schema/hook-bridge.ts'
import {createCooldowns} from '../delivery/bridge/cooldowns.ts'
import type {Job} from '../delivery/bridge/queue.ts'
import {compileBridge} from '../delivery/bridge/rules.ts'
import {loadStatuses, type Statuses} from '../delivery/bridge/statuses.ts'
import type {Outgoing} from '../delivery/outgoing.ts'
import type {StoredEvent} from '../event/envelope.ts'
import {timeOf} from '../event/timestamp.ts'
import type {CompileShell} from '../guard/shell-condition.ts'
import type {EventStore} from '../store/port.ts'

export interface BridgeJudgeOptions {
  settings: HookBridgeSettings
  outgoing: Outgoing
  /** The log that is replayed: what agents were before it begins. */
  store: EventStore
  compileShell?: CompileShell
}

/** The bridge's rules on the time of the events: what would have been started, had it run then. */
export interface BridgeJudge {
  /** The actions that an event starts; takes note of it. Events come in log order. */
  take(event: StoredEvent): Promise<Job[]>
  /** The event's own time; of one without, that of the event before it. Epoch milliseconds. */
  now(): number
  /** The rule's action failed: its cooldown ends. */
  failed(ruleId: string): void
  /** Actions that are to be started, those that a cooldown held back, and events that no rule may see. */
  counts(): {actions: number; coolingDown: number; confidential: number}
  /** What was taken so far was done by an earlier part of the replay. */
  begin(): void
}

export function createBridgeJudge(options: BridgeJudgeOptions): BridgeJudge {
  const {settings, outgoing, store, compileShell} = options
  const cooldowns = createCooldowns()
  let statuses: Statuses | undefined
  let now = 0
  let counts = {actions: 0, coolingDown: 0, confidential: 0}
  const bridge = compileBridge(settings, {statusOf: (agent) => statuses?.get(agent), compileShell})

  function isDue({rule}: Job): boolean {
    // A configuration that is in order has none of these.
    if (rule.action === undefined) return false
    const isOpen = cooldowns.take(rule.id, rule.cooldownMs, now)
    if (!isOpen) counts.coolingDown++
    return isOpen
  }

  return {
    async take(event) {
      const time = timeOf(event)
      if (!Number.isNaN(time)) now = time
      statuses ??= await loadStatuses(store, event.position)
      statuses.take(event)
      if (!outgoing.wants(event)) {
        counts.confidential++
        return []
      }
      const jobs = bridge.matching(event, now).map((rule) => ({rule, event, attempts: 0}))
      const due = jobs.filter(isDue)
      counts.actions += due.length
      return due
    },
    now: () => now,
    failed: cooldowns.release,
    counts: () => ({...counts}),
    begin() {
      counts = {actions: 0, coolingDown: 0, confidential: 0}
    },
  }
}
