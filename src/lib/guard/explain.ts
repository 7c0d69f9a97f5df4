import type {ToolCall} from './call.ts'
import type {CompiledPolicy} from './compile.ts'
import {type Judgement, judge} from './judge.ts'
import {GuardState} from './state.ts'
import type {TraceStep} from './trace-step.ts'
import type {Verdict} from './verdict.ts'

/** How one call is judged, by itself, with every step. */
export interface Explanation extends Pick<Verdict, 'reason' | 'params' | 'ruleId' | 'actionId' | 'ask' | 'assumed'> {
  toolName: string
  verdict: Judgement['verdict']
  /** What live would do now: allow, when the policy is disabled or in dry run. */
  live: Judgement['verdict']
  source: Judgement['source']
  rules: number
  matched: number
  trace: TraceStep[]
}

export function explainCall(policy: CompiledPolicy, call: ToolCall, now: number): Explanation {
  const judgement = judge(policy, new GuardState(), call, {now, trace: true})
  const {verdict, source, trace = []} = judgement
  const {reason, params, ruleId, actionId, ask, assumed} = judgement as Partial<Verdict>
  const matched = trace.filter((step) => step.step === 'rule' && step.matched !== false).length
  const live = policy.enabled && !policy.dryRun ? verdict : 'allow'
  const rules = policy.rules.length
  return {
    toolName: call.toolName,
    verdict,
    live,
    reason,
    params,
    ruleId,
    actionId,
    ask,
    assumed,
    source,
    rules,
    matched,
    trace,
  }
}
