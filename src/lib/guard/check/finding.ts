import type {Policy} from '../policy.ts'
import type {GuardRule, RuleWhen} from '../schema.ts'

/** Something in a policy that was probably not meant. */
export interface Finding {
  /** `error`: it cannot work as written; `warning`: it works, but hardly as meant; `note`: worth knowing. */
  severity: 'error' | 'warning' | 'note'
  /** Stable, for programs: `unreachable`, `allow-first` … */
  code: string
  ruleId?: string
  /** Where: `rules[2].when.domainBlocklist`. */
  path: string
  message: string
  suggestion?: string
}

/** A rule with its place in the file and in the order of evaluation. */
export interface PlacedRule {
  rule: GuardRule
  path: string
}

export type Check = (policy: Policy) => Finding[]

/** Rules that are switched on, in the order in which they are tried. */
export function rulesInOrder({toolGuard}: Policy): PlacedRule[] {
  return toolGuard.rules
    .map((rule, index) => ({rule, path: `rules[${index}]`}))
    .filter(({rule}) => rule.enabled !== false)
    .toSorted((a, b) => (b.rule.priority ?? 0) - (a.rule.priority ?? 0))
}

/** `when` and every condition set inside it, with its path. */
export function* whensOf(when: RuleWhen, path: string): Generator<{when: RuleWhen; path: string; isNegated: boolean}> {
  yield* inside(when, `${path}.when`, false)
}

function* inside(
  when: RuleWhen,
  path: string,
  isNegated: boolean,
): Generator<{when: RuleWhen; path: string; isNegated: boolean}> {
  yield {when, path, isNegated}
  if (when.not !== undefined) yield* inside(when.not, `${path}.not`, !isNegated)
  for (const key of ['any', 'all'] as const) {
    for (const [index, branch] of (when[key] ?? []).entries())
      yield* inside(branch, `${path}.${key}[${index}]`, isNegated)
  }
}

/** What a rule does in the end, as far as it is written down. */
export function effectOf({decision, action}: GuardRule): 'allow' | 'block' | 'ask' | 'rewrite' | 'action' | 'nothing' {
  if (decision?.block === true) return 'block'
  if (decision?.ask !== undefined) return 'ask'
  if (decision?.params !== undefined) return 'rewrite'
  if (decision?.block === false) return 'allow'
  return decision === undefined && action !== undefined ? 'action' : 'nothing'
}
