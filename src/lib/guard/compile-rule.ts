import {ClawError, Exit, messageOf} from '../errors.ts'
import type {Fields} from '../match/paths.ts'
import {allOf, type Condition, type Test} from './condition.ts'
import type {Hide} from './hide.ts'
import type {GuardDecision, GuardRule} from './schema.ts'
import {compileTemplate, type Template} from './template.ts'
import type {Ask} from './verdict.ts'
import {compileWhen} from './when.ts'
import type {WhenContext} from './when-context.ts'

/** What a rule does with a call it matches. `nothing`: it decides nothing and names no action. */
export type Effect =
  | {kind: 'decision'; decision: Decision}
  | {kind: 'action'; actionId: string; isKnown: boolean}
  | {kind: 'nothing'}

export interface Decision {
  verdict: 'allow' | 'block' | 'rewrite' | 'ask'
  reason?: Template
  params?: Fields
  ask?: {title: Template; description: Template} & Pick<Ask, 'severity' | 'timeoutMs'>
}

export interface CompiledRule {
  readonly id: string
  readonly priority: number
  readonly conditions: readonly Condition[]
  readonly test: Test
  /** The same test for a call of which the tool's name is known to match. */
  readonly testKnownTool: Test
  /** The only tools it can match; `undefined` for any. */
  readonly tools: readonly string[] | undefined
  readonly effect: Effect
  /** Where it cannot tell whether a rule matches, the guard assumes the stricter: an allowing rule did not. */
  readonly onlyAllows: boolean
  readonly stopOnMatch: boolean | undefined
  readonly cooldownMs: number
}

export interface RuleContext extends Omit<WhenContext, 'ruleId'> {
  actions: Readonly<Record<string, unknown>>
  hide: Hide
}

/** Compiles one rule. Throws a `ClawError` that names the rule where a pattern or a list cannot be compiled. */
export function compileRule(rule: GuardRule, context: RuleContext): CompiledRule {
  const {conditions, test} = compileConditions(rule, context)
  const effect = effectOf(rule, context)
  return {
    id: rule.id,
    priority: rule.priority ?? 0,
    conditions,
    test,
    testKnownTool: allOf(conditions.filter(({name}) => name !== 'toolName').map((condition) => condition.test)),
    tools: typeof rule.when.toolName === 'string' ? [rule.when.toolName] : rule.when.toolName,
    effect,
    onlyAllows: effect.kind === 'decision' && effect.decision.verdict === 'allow',
    stopOnMatch: rule.stopOnMatch,
    cooldownMs: Math.max(0, rule.cooldownMs ?? 0),
  }
}

function compileConditions(rule: GuardRule, context: RuleContext) {
  try {
    return compileWhen(rule.when, {...context, ruleId: rule.id})
  } catch (error) {
    throw new ClawError('CONFIG_INVALID', `the rule "${rule.id}" cannot be used: ${messageOf(error)}`, {
      exit: Exit.usage,
      cause: error,
    })
  }
}

function effectOf({decision, action}: GuardRule, {actions, hide}: RuleContext): Effect {
  if (decision !== undefined) {
    const compiled = compileDecision(decision, hide)
    return compiled === undefined ? {kind: 'nothing'} : {kind: 'decision', decision: compiled}
  }
  if (action === undefined || action.trim() === '') return {kind: 'nothing'}
  return {kind: 'action', actionId: action, isKnown: Object.hasOwn(actions, action)}
}

/** A decision, or `undefined` for one that decides nothing (no block, no params, no ask). */
export function compileDecision(decision: GuardDecision, hide: Hide): Decision | undefined {
  const {block, params, ask} = decision
  const text = decision.blockReasonTemplate || decision.blockReason
  const reason = text === undefined ? undefined : compileTemplate(text, hide)
  if (block === true) return {verdict: 'block', reason}
  if (ask !== undefined) return {verdict: 'ask', reason, ask: compileAsk(ask, hide)}
  if (params !== undefined) return {verdict: 'rewrite', reason, params}
  return block === false ? {verdict: 'allow', reason} : undefined
}

function compileAsk(
  {title, description, severity, timeoutMs}: NonNullable<GuardDecision['ask']>,
  hide: Hide,
): Decision['ask'] {
  return {
    title: compileTemplate(title ?? 'Allow {{toolName}}?', hide),
    description: compileTemplate(description ?? '', hide),
    severity,
    timeoutMs,
  }
}
