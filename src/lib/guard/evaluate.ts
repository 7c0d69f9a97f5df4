import {messageOf} from '../errors.ts'
import type {ActionOutcome, RunAction} from './action-port.ts'
import type {ToolCall} from './call.ts'
import type {CompiledPolicy} from './compile.ts'
import {type Judgement, judge, type PendingAction} from './judge.ts'
import {rememberVerdict} from './memory.ts'
import {scopeKey} from './params-shape.ts'
import type {GuardState} from './state.ts'
import type {Verdict} from './verdict.ts'

export interface EvaluateOptions {
  state: GuardState
  /** Epoch milliseconds. */
  clock: () => number
  runAction: RunAction
  trace?: boolean
}

const allowed: Verdict = Object.freeze({verdict: 'allow', source: 'none'})

/**
 * The verdict on one tool call, live: at once where rules decide, as a promise where an action has to be asked.
 * Never throws and never rejects. All actions of a call together have `timeoutMs`; after that it is blocked.
 */
export function evaluate(policy: CompiledPolicy, call: ToolCall, options: EvaluateOptions): Verdict | Promise<Verdict> {
  if (!policy.enabled) return allowed
  const {state, clock, trace} = options
  const now = clock()
  const deadline = now + policy.timeoutMs
  const judgement = judge(policy, state, call, {now, isLate: () => clock() >= deadline, trace})
  if (policy.dryRun) return inDryRun(judgement)
  return judgement.verdict === 'action' ? ask(policy, call, judgement, deadline, options) : decided(judgement)
}

/** What live does in a dry run: nothing, but it says what would have been and who would have decided so. */
export function inDryRun(judgement: Judgement): Verdict {
  if (judgement.verdict === 'action') {
    const {ruleId, actionId, source, trace} = judgement
    return {verdict: 'allow', would: 'action', ruleId, actionId, source, ...(trace !== undefined && {trace})}
  }
  const {params: _unused, ask: _unasked, verdict: would, ...known} = decided(judgement)
  return would === 'allow' ? decided(judgement) : {verdict: 'allow', would, ...known}
}

async function ask(
  policy: CompiledPolicy,
  call: ToolCall,
  first: PendingAction,
  deadline: number,
  options: EvaluateOptions,
): Promise<Verdict> {
  let judgement: Judgement = first
  while (judgement.verdict === 'action') {
    const left = deadline - options.clock()
    if (left <= 0) return {verdict: 'block', reason: outOfTime(policy), ruleId: judgement.ruleId, source: 'engine'}
    const outcome = await runOnce(policy, call, judgement, left, options)
    judgement = judgement.resume(outcome, options.clock())
  }
  return decided(judgement)
}

/**
 * Identical calls at the same time share one run of the action where its approval would be remembered for the next
 * one anyway: a human is asked once, not five times.
 */
function runOnce(
  policy: CompiledPolicy,
  call: ToolCall,
  pending: PendingAction,
  left: number,
  {state, runAction}: EvaluateOptions,
): Promise<ActionOutcome> {
  const {actionId, payload, ruleId} = pending
  const own = policy.actions[actionId]?.timeoutMs ?? policy.timeoutMs
  const run = () => settled(runAction({actionId, payload, timeoutMs: Math.min(own, left)}))
  const scope = policy.approvalCacheTtlMs > 0 ? scopeKey(call, 'tool_and_params') : undefined
  if (scope === undefined) return run()
  const key = JSON.stringify([ruleId, scope])
  const running = state.running.get(key)
  if (running !== undefined) return running
  const started = run().finally(() => state.running.delete(key))
  state.running.set(key, started)
  return started
}

/** The runner promises not to reject; should it, that is a failed action and not a fault of the host. */
function settled(running: Promise<ActionOutcome>): Promise<ActionOutcome> {
  return running.catch((error) => ({ok: false, message: messageOf(error)}))
}

/** Live calls are never redacted, so a judgement without an action is a verdict. */
function decided(judgement: Exclude<Judgement, PendingAction>): Verdict {
  if (judgement.verdict !== 'undecidable') return judgement
  return {
    verdict: 'block',
    reason: judgement.reason,
    ruleId: judgement.ruleId,
    source: 'engine',
    ...(judgement.trace && {trace: judgement.trace}),
  }
}

function outOfTime({timeoutMs}: CompiledPolicy): string {
  return `Tool guard could not judge this call and blocked it: its ${timeoutMs} ms ran out`
}

/**
 * Notes what a human answered to an `ask` verdict: an approval is remembered for `approvalCacheTtlMs`, a refusal
 * starts the back-off, as if an action had said so.
 */
export function noteAnswer(
  policy: CompiledPolicy,
  state: GuardState,
  call: ToolCall,
  verdict: Verdict,
  approved: boolean,
  now: number,
): void {
  const answer: Verdict = {
    verdict: approved ? 'allow' : 'block',
    reason: verdict.reason,
    ruleId: verdict.ruleId,
    actionId: verdict.actionId,
    source: 'action',
  }
  rememberVerdict({policy, state, call}, answer, now)
}
