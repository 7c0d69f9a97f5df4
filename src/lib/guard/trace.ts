import type {CompiledRule} from './compile-rule.ts'
import {type Condition, type Match, No, type Subject, Unsure} from './condition.ts'
import {stableText} from './params-shape.ts'
import type {ConditionTrace, Holds, RuleTrace} from './trace-step.ts'

const shownChars = 200

/** Tries every condition of a rule, also those after the first that fails. */
export function traceRule(rule: CompiledRule, subject: Subject): RuleTrace {
  return {
    step: 'rule',
    ruleId: rule.id,
    matched: holdsOf(rule.test(subject)),
    conditions: rule.conditions.map((condition) => traceCondition(condition, subject)),
  }
}

function traceCondition({name, path, expected, found, test, inner}: Condition, subject: Subject): ConditionTrace {
  return {
    condition: name,
    ...(path !== undefined && {path}),
    expected,
    ...(found !== undefined && {found: shown(found(subject.event))}),
    holds: holdsOf(test(subject)),
    ...(inner !== undefined && {inner: inner.map((branch) => branch.map((one) => traceCondition(one, subject)))}),
  }
}

function holdsOf(match: Match): Holds {
  return match === Unsure ? 'unsure' : match !== No
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text =
    typeof value === 'string' ? JSON.stringify(value.slice(0, shownChars + 1)) : (stableText(value) ?? typeof value)
  return text.length <= shownChars ? text : `${text.slice(0, shownChars).toWellFormed()}…`
}
