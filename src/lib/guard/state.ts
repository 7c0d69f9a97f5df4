import type {Fields} from '../match/paths.ts'
import type {ActionOutcome} from './action-port.ts'
import type {ToolCall} from './call.ts'
import {ExpiringMap} from './expiring-map.ts'
import {RecentMap} from './recent-map.ts'
import type {Verdict} from './verdict.ts'

/** Calls, rules' sessions and approvals that are remembered at once; beyond that the oldest are forgotten. */
const memoryLimit = 20_000

export interface RememberedBlock {
  at: number
  ruleId?: string
  actionId?: string
  reason: string
}

export interface RememberedAllow {
  ruleId?: string
  actionId?: string
  params?: Fields
}

/** What a rule's action answered last, while its cooldown lasts. */
export interface Cooldown {
  /** A block or ask: holds for every call of the rule. */
  refusal?: {answer: Verdict; until: number}
  /** Allows and rewrites: each holds only for the same agent, session, tool and params. */
  allows: ExpiringMap<Verdict>
}

/** What was used so far. Tokens are unknown until a model's usage was seen. */
export interface Usage {
  toolCalls: number
  tokens?: number
  /** Of a run: the tokens as its model turns told of them, and as its end did. */
  ofTurns?: number
  ofEnd?: number
}

/** What a session and a run had used before the call at hand. */
export type Used = Readonly<Partial<Record<UsageScope, Usage>>>

/**
 * Everything the guard remembers between calls. Rules are named by id, so that a policy that was edited while
 * running keeps what still applies. Every part is bounded.
 */
export class GuardState {
  readonly blocks = new ExpiringMap<RememberedBlock>(memoryLimit)
  readonly allows = new ExpiringMap<RememberedAllow>(memoryLimit)
  readonly cooldowns = new RecentMap<Cooldown>(memoryLimit)
  readonly rates = new RecentMap<RateWindow>(memoryLimit)
  readonly usage = new RecentMap<Usage>(memoryLimit)
  /** Actions that are running now, by rule and call. */
  readonly running = new Map<string, Promise<ActionOutcome>>()
}

/** The times of the last calls of one kind, as many as a limit needs. */
export class RateWindow {
  private readonly times: number[] = []
  private next = 0
  private readonly count: number

  constructor(count: number) {
    this.count = count
  }

  /** Whether `count` calls came within `windowMs` before now. */
  isFull(now: number, windowMs: number): boolean {
    const oldest = this.times[this.next]
    return this.times.length === this.count && oldest !== undefined && oldest > now - windowMs
  }

  add(now: number): void {
    this.times[this.next] = now
    this.next = (this.next + 1) % this.count
  }
}

export type UsageScope = 'session' | 'run'

/** Under which name the usage of a call's or event's session or run is kept; `undefined` when it names none. */
export function usageKey(
  of: Pick<ToolCall, 'agentId' | 'sessionId' | 'sessionKey' | 'runId'>,
  scope: UsageScope,
): string | undefined {
  const id = scope === 'run' ? of.runId : (of.sessionKey ?? of.sessionId)
  return id === undefined ? undefined : JSON.stringify([scope, of.agentId ?? null, id])
}
