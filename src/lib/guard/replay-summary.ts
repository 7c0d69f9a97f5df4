import type {CompiledPolicy} from './compile.ts'
import type {CompiledRule} from './compile-rule.ts'
import type {ReplayedCall} from './replay.ts'

/** How often a rule came up in a replay. */
export interface RuleCoverage {
  id: string
  /** Calls on which it was tried and matched, or had to be assumed to. */
  matched: number
  /** Calls that it decided, by itself or by its action. */
  decided: number
  /** Of the decided ones, those where it was only assumed to match: a command line that nobody can read ahead. */
  assumed: number
}

export interface ReplaySummary {
  total: number
  enabled: boolean
  dryRun: boolean
  allow: number
  block: number
  rewrite: number
  ask: number
  action: number
  undecidable: number
  errors: number
  rules: RuleCoverage[]
  /** Rules that never matched. */
  unmatchedRules: string[]
}

/** Counts a replay as it goes. */
export function createTally(policy: CompiledPolicy) {
  const verdicts = {allow: 0, block: 0, rewrite: 0, ask: 0, action: 0, undecidable: 0}
  const rules = new Map(
    policy.rules.map(({id}): [string, RuleCoverage] => [id, {id, matched: 0, decided: 0, assumed: 0}]),
  )
  let total = 0
  let errors = 0
  return {
    matched({id}: CompiledRule): void {
      rules.get(id)!.matched++
    },
    call({verdict, would}: ReplayedCall): void {
      total++
      verdicts[verdict]++
      const rule = would.source === 'rule' || would.source === 'action' ? rules.get(would.ruleId ?? '') : undefined
      if (rule === undefined || would.verdict === 'action' || would.verdict === 'undecidable') return
      rule.decided++
      if (would.assumed !== undefined) rule.assumed++
    },
    fault(): void {
      errors++
    },
    summary(): ReplaySummary {
      const {enabled, dryRun} = policy
      const counted = [...rules.values()]
      const unmatchedRules = counted.filter(({matched}) => matched === 0).map(({id}) => id)
      return {total, enabled, dryRun, ...verdicts, errors, rules: counted, unmatchedRules}
    },
  }
}
