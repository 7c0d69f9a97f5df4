import type {Explanation} from '../guard/explain.ts'
import type {ConditionTrace, RuleTrace, TraceStep} from '../guard/trace-step.ts'
import {counted} from './counted.ts'
import type {Paint} from './paint.ts'
import {clip, printable} from './printable.ts'
import {verdictWord} from './verdict-text.ts'

/** Every step of a judgement: one line for each rule, and under it the conditions that spoke against it. */
export function traceLines(trace: readonly TraceStep[], paint: Paint): string[] {
  return trace.flatMap((step) =>
    step.step === 'rule'
      ? ruleLines(step, paint)
      : [`  ${step.step === 'cache' ? 'remembered approval' : 'pause after a block'}: ${step.hit ? 'yes' : 'none'}`],
  )
}

function ruleLines({ruleId, matched, ledTo, conditions}: RuleTrace, paint: Paint): string[] {
  const mark =
    matched === true ? paint.bad('match ') : matched === 'unsure' ? paint.warn('unsure') : paint.dim('no    ')
  const head = `  ${mark}  ${printable(ruleId)}${ledTo === undefined ? '' : `  -> ${ledTo}`}`
  return [head, ...conditionsShown(conditions, matched).flatMap((condition) => conditionLines(condition, 5, paint))]
}

/** Of a rule that matched all that it asked for, of another what it failed on; a rule for other tools failed on that. */
function conditionsShown(
  conditions: readonly ConditionTrace[],
  matched: RuleTrace['matched'],
): readonly ConditionTrace[] {
  if (matched === true) return conditions
  const failed = conditions.filter(({holds}) => holds !== true)
  const [first] = failed
  return first?.condition === 'toolName' ? [first] : failed
}

function conditionLines(
  {condition, path, expected, found, holds, inner}: ConditionTrace,
  indent: number,
  paint: Paint,
): string[] {
  const mark = holds === true ? paint.good('+') : holds === 'unsure' ? paint.warn('?') : paint.dim('-')
  const what = inner === undefined ? ` ${short(expected)}` : ''
  const place = path === undefined ? '' : ` ${printable(path)}`
  const is = found === undefined ? '' : `, found ${printable(found)}`
  const line = `${' '.repeat(indent)}${mark} ${condition}${place}${what}${is}`
  return [line, ...(inner ?? []).flatMap((branch) => branch.flatMap((one) => conditionLines(one, indent + 3, paint)))]
}

function short(value: unknown): string {
  return clip(
    printable(typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value))),
    100,
  )
}

/** The verdict on one call, then every step that led there. */
export function explanationLines(explanation: Explanation, paint: Paint): string[] {
  const {verdict, live, toolName, rules, matched, ruleId, reason, actionId, assumed, trace} = explanation
  const lines = [
    `${verdictWord(verdict, paint)}  ${printable(toolName)}  ${matched} of ${counted(rules, 'rule')} matched`,
  ]
  if (ruleId !== undefined) lines.push(`  ${printable(ruleId)}${reason === undefined ? '' : `   ${printable(reason)}`}`)
  else if (reason !== undefined) lines.push(`  ${printable(reason)}`)
  if (verdict === 'action') lines.push(`  the action "${printable(actionId ?? '')}" would be asked`)
  if (assumed !== undefined) lines.push(`  assumed to match: ${printable(assumed)}`)
  if (live !== verdict) lines.push(`  live it is allowed: the policy is disabled or in dry run`)
  return [...lines, '', ...traceLines(trace, paint)]
}
