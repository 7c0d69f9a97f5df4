import {messageOf} from '../errors.ts'
import {InputTooLong} from '../match/patterns.ts'
import {type ActionAnswer, readAnswer} from './action-answer.ts'
import type {ActionOutcome, ActionPayload} from './action-port.ts'
import type {ToolCall} from './call.ts'
import type {CompiledPolicy} from './compile.ts'
import {type CompiledRule, compileDecision, type Decision} from './compile-rule.ts'
import {No, type Subject, Unsure} from './condition.ts'
import {EngineFault} from './engine-fault.ts'
import {recallCooldown, recallScope, rememberAnswer, rememberVerdict} from './memory.ts'
import {checkShape} from './params-shape.ts'
import type {GuardState} from './state.ts'
import {createSubject} from './subject.ts'
import {traceRule} from './trace.ts'
import type {RuleStep, TraceStep} from './trace-step.ts'
import type {Verdict} from './verdict.ts'

/** An action has to be run to know. `resume` goes on with what it gave; call it once. */
export interface PendingAction {
  verdict: 'action'
  ruleId: string
  actionId: string
  source: 'action'
  payload: ActionPayload
  trace?: TraceStep[]
  resume(outcome: ActionOutcome, now: number): Judgement
}

/** A rule looks at something that was redacted before the call was captured. */
export interface Undecidable {
  verdict: 'undecidable'
  ruleId: string
  source: 'rule'
  reason: string
  trace?: TraceStep[]
}

export type Judgement = Verdict | PendingAction | Undecidable

export interface JudgeOptions {
  /** Epoch milliseconds: the only time the guard knows. */
  now: number
  /** Whether the engine's own deadline has passed; asked only while it works on long texts. */
  isLate?: () => boolean
  trace?: boolean
  /** Told of every rule that matched, or had to be assumed to. */
  onMatch?: (rule: CompiledRule) => void
}

/** One judgement on its way. */
interface Run {
  policy: CompiledPolicy
  state: GuardState
  call: ToolCall
  subject: Subject
  rules: readonly CompiledRule[]
  trace: TraceStep[] | undefined
  onMatch: ((rule: CompiledRule) => void) | undefined
  scopes?: {tool?: string; tool_and_params?: string}
  /** The last rule that matched and left the decision to others. */
  matched: CompiledRule | undefined
}

const nobody: Verdict = Object.freeze({verdict: 'allow', source: 'none'})
/**
 * Judges one tool call as if the policy were enabled and not in dry run. Pure but for `state`: the same policy, state,
 * call and time always give the same judgement, live and in replay. Never throws: what the engine cannot judge is
 * blocked.
 */
export function judge(policy: CompiledPolicy, state: GuardState, call: ToolCall, options: JudgeOptions): Judgement {
  const trace: TraceStep[] | undefined = options.trace ? [] : undefined
  try {
    const run = begin(policy, state, call, options, trace)
    return recallScope(run, options.now) ?? settle(run, walk(run, 0, options.now), options.now)
  } catch (error) {
    return notJudged(error, trace)
  }
}

function begin(
  policy: CompiledPolicy,
  state: GuardState,
  call: ToolCall,
  {now, isLate, onMatch}: JudgeOptions,
  trace: TraceStep[] | undefined,
): Run {
  if (typeof call.toolName !== 'string' || call.toolName === '')
    throw new EngineFault('its toolName is no text, or empty')
  checkShape(call.params)
  const subject = createSubject(policy, state, call, {now, isLate})
  // A trace shows every rule, those for other tools too.
  const rules = trace === undefined ? policy.rulesFor(call.toolName) : policy.rules
  return {policy, state, call, subject, rules, trace, onMatch, scopes: undefined, matched: undefined}
}

/** Tries the rules from `from` on until one decides. */
function walk(run: Run, from: number, now: number): Judgement {
  const {rules, subject, trace} = run
  for (let index = from; index < rules.length; index++) {
    const rule = rules[index]!
    subject.doubt = undefined
    const match = trace === undefined ? rule.testKnownTool(subject) : rule.test(subject)
    // Read before the trace, which tries conditions that the judgement had no need of.
    const doubt = match === Unsure ? {why: subject.doubt, detail: subject.doubtDetail ?? 'not understood'} : undefined
    const step = trace === undefined ? undefined : traceRule(rule, subject)
    if (step !== undefined) trace!.push(step)
    if (match === No) continue
    if (doubt?.why === 'redacted') return undecidable(run, rule, index, {now, reason: doubt.detail})
    if (doubt !== undefined && rule.onlyAllows) {
      if (step !== undefined) step.ledTo = 'assumed not to match'
      continue
    }
    const judgement = apply(run, rule, index, now, doubt?.detail)
    if (step !== undefined) step.ledTo = stepOf(judgement)
    if (judgement !== undefined) return judgement
  }
  return ending(run)
}

/** What a matching rule decides; `undefined` when the next rule is to be tried. */
function apply(
  run: Run,
  rule: CompiledRule,
  index: number,
  now: number,
  assumed: string | undefined,
): Judgement | undefined {
  run.matched = rule
  run.onMatch?.(rule)
  const {effect} = rule
  if (effect.kind === 'decision') return verdictOf(run, effect.decision, {ruleId: rule.id, source: 'rule', assumed})
  if (effect.kind === 'nothing') return failed(run, rule, `Tool guard action missing for rule "${rule.id}"`)
  if (!effect.isKnown) return failed(run, rule, `Tool guard action not found: ${effect.actionId}`)
  return recallCooldown(run, rule, now) ?? pending(run, rule, effect.actionId, index)
}

function pending(run: Run, rule: CompiledRule, actionId: string, index: number): PendingAction {
  return {
    verdict: 'action',
    ruleId: rule.id,
    actionId,
    source: 'action',
    payload: {ruleId: rule.id, event: {...run.subject.event, timestamp: new Date(run.subject.now).toISOString()}},
    ...(run.trace !== undefined && {trace: run.trace}),
    resume: (outcome, now) => {
      try {
        return settle(run, answered(run, rule, actionId, outcome, now) ?? after(run, rule, index, now), now)
      } catch (error) {
        return notJudged(error, run.trace)
      }
    },
  }
}

/** The verdict an action's outcome makes; `undefined` when it has no opinion. */
function answered(
  run: Run,
  rule: CompiledRule,
  actionId: string,
  outcome: ActionOutcome,
  now: number,
): Verdict | undefined {
  const answer: ActionAnswer = outcome.ok ? readAnswer(outcome.output) : {kind: 'malformed', why: outcome.message}
  if (answer.kind === 'silent') return undefined
  if (answer.kind === 'malformed')
    return failed(run, rule, `Tool guard failed for rule "${rule.id}": ${run.policy.hide(answer.why)}`, actionId)
  const decision = compileDecision(answer.decision, run.policy.hide)
  if (decision === undefined) return undefined
  const verdict = verdictOf(run, decision, {ruleId: rule.id, actionId, source: 'action'})
  rememberAnswer(run, rule, verdict, now)
  return verdict
}

/** Where it goes on after a rule whose action decided nothing. */
function after(run: Run, rule: CompiledRule, index: number, now: number): Judgement {
  return (rule.stopOnMatch ?? run.policy.stopOnMatchDefault) ? ending(run) : walk(run, index + 1, now)
}

/** A rule that cannot decide blocks or is passed over, as `onError` says. */
function failed(run: Run, rule: CompiledRule, reason: string, actionId?: string): Verdict | undefined {
  if (run.policy.onError === 'allow') return undefined
  return {verdict: 'block', reason, ruleId: rule.id, ...(actionId !== undefined && {actionId}), source: 'action'}
}

/** With the redacted value the rule may have matched or not. If both end the same, that is the verdict. */
function undecidable(
  run: Run,
  rule: CompiledRule,
  index: number,
  {now, reason}: {now: number; reason: string},
): Judgement {
  const otherwise = walk(run, index + 1, now)
  const {effect} = rule
  const same =
    effect.kind === 'decision' && (effect.decision.verdict === 'block' || effect.decision.verdict === 'allow')
  if (same && effect.decision.verdict === otherwise.verdict) return otherwise
  return {verdict: 'undecidable', ruleId: rule.id, source: 'rule', reason}
}

function ending({matched}: Run): Verdict {
  return matched === undefined ? nobody : {verdict: 'allow', ruleId: matched.id, source: 'none'}
}

function verdictOf(
  {subject}: Run,
  {verdict, reason, params, ask}: Decision,
  by: Pick<Verdict, 'ruleId' | 'actionId' | 'source' | 'assumed'>,
): Verdict {
  const made: Verdict = {verdict, ruleId: by.ruleId, source: by.source}
  if (by.actionId !== undefined) made.actionId = by.actionId
  if (by.assumed !== undefined) made.assumed = by.assumed
  if (reason !== undefined) made.reason = reason(subject.event)
  if (params !== undefined) made.params = params
  if (ask !== undefined) {
    const {title, description, severity, timeoutMs} = ask
    made.ask = {title: title(subject.event), description: description(subject.event), severity, timeoutMs}
  }
  return made
}

function settle(run: Run, judgement: Judgement, now: number): Judgement {
  if (judgement.verdict !== 'action' && judgement.verdict !== 'undecidable') rememberVerdict(run, judgement, now)
  return run.trace === undefined ? judgement : {...judgement, trace: run.trace}
}

function notJudged(error: unknown, trace: TraceStep[] | undefined): Verdict {
  const why =
    error instanceof EngineFault || error instanceof InputTooLong
      ? error.message
      : `an internal error (${messageOf(error)})`
  return {
    verdict: 'block',
    reason: `Tool guard could not judge this call and blocked it: ${why}`,
    source: 'engine',
    ...(trace !== undefined && {trace}),
  }
}

function stepOf(judgement: Judgement | undefined): RuleStep {
  if (judgement === undefined) return 'no decision'
  if (judgement.verdict === 'action') return 'action'
  return judgement.source === 'cache' ? 'remembered' : 'decided'
}
