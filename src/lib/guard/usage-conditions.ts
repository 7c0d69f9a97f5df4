import {type Condition, No, type Subject, type Test, Yes} from './condition.ts'
import type {RateCondition, UsageCondition} from './schema.ts'
import {type GuardState, RateWindow, type Usage, type Used, usageKey} from './state.ts'
import type {RateLimit, WhenContext} from './when-context.ts'

/**
 * More than `count` calls within `windowMs`: the call after the last allowed one matches, and every further one until
 * the window has moved on. Calls count whether they were let through or not.
 */
export function rateCondition(rate: RateCondition, beside: Test, context: WhenContext): Condition {
  const name = `${context.ruleId}/rate`
  context.rates.push({name, counts: beside, count: rate.count, windowMs: rate.windowMs, per: rate.per ?? 'session'})
  return {name: 'rate', expected: rate, test: (subject) => (subject.exceeded.has(name) ? Yes : No)}
}

/** What the session or run has used before this call. What is not known never matches. */
export function usageCondition(usage: UsageCondition): Condition {
  const {tokensGte, toolCallsGte, per} = usage
  const scope = per ?? 'session'
  const reached = (used: Usage | undefined): boolean =>
    used !== undefined &&
    (tokensGte === undefined || (used.tokens ?? -1) >= tokensGte) &&
    (toolCallsGte === undefined || used.toolCalls >= toolCallsGte)
  return {name: 'usage', expected: usage, test: (subject) => (reached(subject.used[scope]) ? Yes : No)}
}

/** Adds this call to every rate that counts it, and says which of them it goes beyond. */
export function countRates(
  rates: readonly RateLimit[],
  subject: Subject,
  state: GuardState,
  exceeded: Set<string>,
): void {
  for (const {name, counts, count, windowMs, per} of rates) {
    if (counts(subject) === No) continue
    const window = state.rates.use(rateKey(name, per, subject), () => new RateWindow(count))
    if (window.isFull(subject.now, windowMs)) exceeded.add(name)
    window.add(subject.now)
  }
}

function rateKey(name: string, per: RateLimit['per'], {event}: Subject): string {
  const session = event['sessionKey'] ?? event['sessionId'] ?? null
  const {toolName} = event['data'] as {toolName?: unknown}
  return JSON.stringify([
    name,
    event['agentId'] ?? null,
    ...(per === 'agent' ? [] : [session]),
    ...(per === 'tool' ? [toolName] : []),
  ])
}

/** Counts this call for its session and run; gives what they had used before it. */
export function countUsage(
  call: {agentId?: string; sessionId?: string; sessionKey?: string; runId?: string},
  state: GuardState,
): Used {
  const used: {session?: Usage; run?: Usage} = {}
  for (const scope of ['session', 'run'] as const) {
    const key = usageKey(call, scope)
    if (key === undefined) continue
    const usage = state.usage.use(key, () => ({toolCalls: 0}))
    used[scope] = {...usage}
    usage.toolCalls++
  }
  return used
}
