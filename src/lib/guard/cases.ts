import type {ActionOutcome} from './action-port.ts'
import type {ToolCall} from './call.ts'
import type {CompiledPolicy} from './compile.ts'
import {type Judgement, judge} from './judge.ts'
import {GuardState} from './state.ts'

/** One call of a case, when it comes, and what the policy is to make of it. */
export interface CaseCall extends ToolCall {
  /** Milliseconds after the case began; without it, with the call before. */
  at?: number
  want?: Want
}

/** What is asked of a verdict: every key that is given. `reason` is a part of the reason. */
export interface Want {
  verdict?: Judgement['verdict']
  ruleId?: string
  actionId?: string
  source?: Judgement['source']
  reason?: string
  params?: unknown
}

/** A test of a policy: calls in order, judged as if it were enabled, with a memory of their own. */
export interface GuardCase {
  note: string
  calls: CaseCall[]
  /** What actions answer: the decision they print, or the text. An action without an answer is not run. */
  answers: Readonly<Record<string, unknown>>
  /** Rules of its own, instead of the policy's. */
  rules?: unknown
}

export interface CaseFailure {
  /** Which of the calls, from 0. */
  call: number
  want: Want
  got: Want
}

export interface CaseResult {
  note: string
  ok: boolean
  failures: CaseFailure[]
}

/** Runs one case against a policy. */
export function runCase({note, calls, answers}: GuardCase, policy: CompiledPolicy): CaseResult {
  const state = new GuardState()
  const failures: CaseFailure[] = []
  let now = 0
  for (const [index, {at, want, ...call}] of calls.entries()) {
    now = at ?? now
    const got = answered(judge(policy, state, call, {now}), answers, now)
    if (want !== undefined && !meets(got, want)) failures.push({call: index, want, got: pickedFrom(got, want)})
  }
  return {note, ok: failures.length === 0, failures}
}

function answered(judgement: Judgement, answers: GuardCase['answers'], now: number): Judgement {
  let current = judgement
  while (current.verdict === 'action' && Object.hasOwn(answers, current.actionId)) {
    current = current.resume(outcomeOf(answers[current.actionId]), now)
  }
  return current
}

/** `{"error": "…"}` is an action that fails; a text is what it prints; anything else is printed as JSON. */
function outcomeOf(answer: unknown): ActionOutcome {
  if (typeof answer === 'string') return {ok: true, output: answer}
  if (typeof answer === 'object' && answer !== null && 'error' in answer)
    return {ok: false, message: String(answer.error)}
  return {ok: true, output: JSON.stringify(answer)}
}

function meets(got: Judgement, {reason, params, ...exact}: Want): boolean {
  const found = got as Want
  if (reason !== undefined && found.reason?.includes(reason) !== true) return false
  if (params !== undefined && JSON.stringify(found.params) !== JSON.stringify(params)) return false
  return (Object.keys(exact) as (keyof typeof exact)[]).every((key) => exact[key] === found[key])
}

/** What there is in place of what was wanted, and always the verdict, its rule and reason. */
function pickedFrom(got: Judgement, want: Want): Want {
  const found = got as Want
  const keys = new Set<keyof Want>(['verdict', 'ruleId', 'reason', ...(Object.keys(want) as (keyof Want)[])])
  return Object.fromEntries([...keys].filter((key) => found[key] !== undefined).map((key) => [key, found[key]]))
}
