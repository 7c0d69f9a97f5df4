import type {ToolCall} from './call.ts'
import {type CompiledPolicy, compilePolicy} from './compile.ts'
import type {CompiledRule} from './compile-rule.ts'
import {type Judgement, judge} from './judge.ts'
import type {Policy} from './policy.ts'
import {editsBetween, type PolicyEdit, withEdits} from './policy-edits.ts'
import type {GuardRule} from './schema.ts'
import {GuardState} from './state.ts'
import type {WhenContext} from './when-context.ts'

/** Why two policies judged a call differently. */
export type Because =
  /** The smallest set of differences that, made to the old policy, give the new verdict. */
  | {kind: 'edits'; edits: PolicyEdit[]}
  /** The call alone is judged the same by both: what they remember of earlier calls differs. */
  | {kind: 'history'}

const mixedLimit = 300
/** Beyond so many differences pairs are not all tried; one that cannot be made smaller is found all the same. */
const pairLimit = 40

/**
 * Explains differences between two policies, call by call. Tries each difference alone, then pairs, then takes out of
 * the whole set what is not needed; all on the call by itself, without memory.
 */
export function createExplainer(old: Policy, now: Policy, options: Pick<WhenContext, 'compileShell' | 'redactedAs'>) {
  const edits = editsBetween(old, now)
  const mixed = new Map<string, CompiledPolicy>()
  const known = new WeakMap<GuardRule, CompiledRule>()

  function verdictWith(chosen: readonly PolicyEdit[], call: ToolCall, at: number): Judgement {
    const key = chosen.map((edit) => edits.indexOf(edit)).join()
    let policy = mixed.get(key)
    if (policy === undefined) {
      if (mixed.size >= mixedLimit) mixed.delete(mixed.keys().next().value!)
      policy = compilePolicy(withEdits(old, now, chosen), {...options, known})
      mixed.set(key, policy)
    }
    return judge(policy, new GuardState(), call, {now: at})
  }

  return function explain(call: ToolCall, at: number, from: Judgement, to: Judgement): Because {
    const gives = (chosen: readonly PolicyEdit[]) => isSame(verdictWith(chosen, call, at), to)
    if (!isSame(verdictWith([], call, at), from) || !gives(edits)) return {kind: 'history'}
    // Those of the rules that decided come first: mostly it is one of them.
    const near = edits.toSorted((a, b) => nearness(b, from, to) - nearness(a, from, to))
    const single = near.find((edit) => gives([edit]))
    if (single !== undefined) return {kind: 'edits', edits: [single]}
    return {kind: 'edits', edits: pairOf(near, gives) ?? withoutNeedless(near, gives)}
  }
}

function pairOf(edits: readonly PolicyEdit[], gives: (chosen: PolicyEdit[]) => boolean): PolicyEdit[] | undefined {
  const tried = edits.slice(0, pairLimit)
  for (const [index, one] of tried.entries()) {
    for (const other of tried.slice(index + 1)) if (gives([one, other])) return [one, other]
  }
  return undefined
}

function withoutNeedless(edits: readonly PolicyEdit[], gives: (chosen: PolicyEdit[]) => boolean): PolicyEdit[] {
  let kept = [...edits]
  // The far ones go first.
  for (const edit of edits.toReversed()) {
    const rest = kept.filter((other) => other !== edit)
    if (gives(rest)) kept = rest
  }
  return kept
}

function nearness({ruleId}: PolicyEdit, from: Judgement, to: Judgement): number {
  if (ruleId === undefined) return 0
  return ruleId === to.ruleId ? 2 : ruleId === from.ruleId ? 1 : 0
}

/** Whether two judgements say the same to the agent: reasons may be worded anew, and rules renamed. */
export function isSame(one: Judgement, other: Judgement): boolean {
  if (one.verdict !== other.verdict) return false
  return one.verdict !== 'rewrite' || JSON.stringify(one.params) === JSON.stringify((other as typeof one).params)
}
