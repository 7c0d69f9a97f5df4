import type {ToolCall} from './call.ts'
import type {CompiledPolicy} from './compile.ts'
import type {CompiledRule} from './compile-rule.ts'
import type {Subject} from './condition.ts'
import {ExpiringMap} from './expiring-map.ts'
import {scopeKey} from './params-shape.ts'
import type {GuardState} from './state.ts'
import type {TraceStep} from './trace-step.ts'
import type {Verdict} from './verdict.ts'

/** What is judged, by which policy, with what memory. */
export interface Remembering {
  policy: CompiledPolicy
  state: GuardState
  call: ToolCall
  subject: Subject
  trace?: TraceStep[] | undefined
  /** The names of the call's scopes, once they were made: they are asked for up to four times. */
  scopes?: {tool?: string; tool_and_params?: string}
}

function scopeOf(of: Omit<Remembering, 'subject'>, scope: 'tool' | 'tool_and_params'): string | undefined {
  of.scopes ??= {}
  of.scopes[scope] ??= scopeKey(of.call, scope)
  return of.scopes[scope]
}

const allowsPerRule = 1000

/** The verdict that an earlier call of the same scope makes: the pause after a block, else a remembered approval. */
export function recallScope(of: Remembering, now: number): Verdict | undefined {
  return recallBlock(of, now) ?? recallAllow(of, now)
}

function recallBlock(of: Remembering, now: number): Verdict | undefined {
  const {policy, state, subject, trace} = of
  if (policy.retryBackoffMs <= 0) return undefined
  const key = scopeOf(of, policy.backoffScope)
  const block = key === undefined ? undefined : state.blocks.get(key, now)
  trace?.push({step: 'backoff', hit: block !== undefined})
  if (block === undefined) return undefined
  const retryBackoffRemainingMs = block.at + policy.retryBackoffMs - now
  return {
    verdict: 'block',
    reason: policy.backoffReason(subject.event, {retryBackoffRemainingMs, blockReason: block.reason}),
    ruleId: block.ruleId,
    ...(block.actionId !== undefined && {actionId: block.actionId}),
    source: 'backoff',
    ...(trace !== undefined && {trace}),
  }
}

function recallAllow(of: Remembering, now: number): Verdict | undefined {
  const {policy, state, trace} = of
  if (policy.approvalCacheTtlMs <= 0) return undefined
  const key = scopeOf(of, 'tool_and_params')
  const allow = key === undefined ? undefined : state.allows.get(key, now)
  trace?.push({step: 'cache', hit: allow !== undefined})
  if (allow === undefined) return undefined
  return {
    verdict: allow.params === undefined ? 'allow' : 'rewrite',
    ...(allow.params !== undefined && {params: allow.params}),
    ruleId: allow.ruleId,
    ...(allow.actionId !== undefined && {actionId: allow.actionId}),
    source: 'cache',
    ...(trace !== undefined && {trace}),
  }
}

/** What the rule's action answered within its cooldown, if that holds for this call too. */
export function recallCooldown(of: Remembering, rule: CompiledRule, now: number): Verdict | undefined {
  if (rule.cooldownMs <= 0) return undefined
  const cooldown = of.state.cooldowns.peek(rule.id)
  if (cooldown === undefined) return undefined
  if (cooldown.refusal !== undefined && cooldown.refusal.until > now)
    return {...cooldown.refusal.answer, source: 'cache'}
  const key = scopeOf(of, 'tool_and_params')
  const allow = key === undefined ? undefined : cooldown.allows.get(key, now)
  return allow === undefined ? undefined : {...allow, source: 'cache'}
}

/** Notes an action's answer for the rule's cooldown. */
export function rememberAnswer(of: Remembering, rule: CompiledRule, answer: Verdict, now: number): void {
  if (rule.cooldownMs <= 0) return
  const cooldown = of.state.cooldowns.use(rule.id, () => ({allows: new ExpiringMap(allowsPerRule)}))
  const until = now + rule.cooldownMs
  if (answer.verdict === 'block' || answer.verdict === 'ask') {
    cooldown.refusal = {answer, until}
    return
  }
  const key = scopeOf(of, 'tool_and_params')
  if (key !== undefined) cooldown.allows.set(key, answer, until)
}

/** Notes what a rule or an action has just decided, for the back-off and the cache. */
export function rememberVerdict(of: Omit<Remembering, 'subject'>, decided: Verdict, now: number): void {
  const {policy, state} = of
  const {verdict, source, ruleId, actionId, reason, params} = decided
  if (source !== 'rule' && source !== 'action') return
  if (verdict === 'block' && policy.retryBackoffMs > 0) {
    const key = scopeOf(of, policy.backoffScope)
    if (key !== undefined)
      state.blocks.set(key, {at: now, ruleId, actionId, reason: reason ?? ''}, now + policy.retryBackoffMs)
  }
  if ((verdict === 'allow' || verdict === 'rewrite') && policy.approvalCacheTtlMs > 0) {
    // Always by params: an approval of `ls` must never allow `rm`, whatever the scope of the back-off.
    const key = scopeOf(of, 'tool_and_params')
    if (key !== undefined) state.allows.set(key, {ruleId, actionId, params}, now + policy.approvalCacheTtlMs)
  }
}
