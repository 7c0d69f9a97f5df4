import type {Policy} from '../policy.ts'
import {effectOf, type Finding, type PlacedRule, rulesInOrder} from './finding.ts'
import {excludes, implies} from './implies.ts'

/** Rules that others leave nothing, and allows that let pass what a rule below them blocks. */
export function checkOrder(policy: Policy): Finding[] {
  const deciding: PlacedRule[] = []
  return rulesInOrder(policy).flatMap((later) => {
    const found = findingsOf(later, deciding)
    if (later.rule.decision !== undefined && effectOf(later.rule) !== 'nothing') deciding.push(later)
    return found
  })
}

/** What the deciding rules above a rule do to it. */
function findingsOf(later: PlacedRule, deciding: readonly PlacedRule[]): Finding[] {
  const shadow = deciding.find(({rule}) => implies(later.rule.when, rule.when))
  if (shadow !== undefined) return [unreachable(later, shadow)]
  return restricts(later)
    ? deciding.filter((earlier) => isTrap(earlier, later)).map((earlier) => allowFirst(earlier, later))
    : []
}

function unreachable({rule, path}: PlacedRule, shadow: PlacedRule): Finding {
  const first = effectOf(shadow.rule)
  const isOpen = first === 'allow' && restricts({rule, path})
  return {
    severity: isOpen ? 'error' : 'warning',
    code: isOpen ? 'allow-first' : 'unreachable',
    ruleId: rule.id,
    path,
    message: isOpen
      ? `never ${verbOf(rule)}: "${shadow.rule.id}" comes first, matches every call that this matches, and allows it`
      : `is never reached: "${shadow.rule.id}" comes first and decides every call that this matches (${first})`,
    suggestion: isOpen
      ? `give "${rule.id}" a higher priority than "${shadow.rule.id}", or take "${shadow.rule.id}" out: what no rule blocks is allowed anyway`
      : `take it out, narrow "${shadow.rule.id}", or give it a higher priority`,
  }
}

/** An allow above a block is an exception when all it matches would be blocked; otherwise the two merely overlap. */
function isTrap(earlier: PlacedRule, later: PlacedRule): boolean {
  if (effectOf(earlier.rule) !== 'allow') return false
  return !implies(earlier.rule.when, later.rule.when) && !excludes(earlier.rule.when, later.rule.when)
}

function allowFirst(earlier: PlacedRule, later: PlacedRule): Finding {
  return {
    severity: 'warning',
    code: 'allow-first',
    ruleId: earlier.rule.id,
    path: earlier.path,
    message: `allows calls that "${later.rule.id}" below it would ${verbOf(later.rule).replace(/s$/, '')}: an allowing decision ends the evaluation`,
    suggestion: `give "${later.rule.id}" the higher priority, or make "${earlier.rule.id}" an exception to it`,
  }
}

function restricts({rule}: PlacedRule): boolean {
  return ['block', 'ask', 'action'].includes(effectOf(rule))
}

function verbOf(rule: PlacedRule['rule']): string {
  const effect = effectOf(rule)
  return effect === 'action' ? `runs "${rule.action}"` : `${effect}s`
}
