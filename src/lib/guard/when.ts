import {compilePath} from '../match/paths.ts'
import {allOf, anyOf, type Condition, negate, type Test} from './condition.ts'
import {domainCondition} from './domain-conditions.ts'
import {
  containsCondition,
  equalsCondition,
  idleCondition,
  listCondition,
  nameCondition,
  parentStatusCondition,
  patternCondition,
  requiredCondition,
  typeCondition,
} from './field-conditions.ts'
import {withRedaction} from './redacted.ts'
import type {RuleWhen} from './schema.ts'
import {shellCondition} from './shell-condition.ts'
import {rateCondition, usageCondition} from './usage-conditions.ts'
import type {WhenContext} from './when-context.ts'

export interface CompiledWhen {
  conditions: readonly Condition[]
  test: Test
}

/** Compiles `when`: all conditions must hold. Throws `PatternFault` or `DomainFault` for what can never be matched. */
export function compileWhen(when: RuleWhen, context: WhenContext): CompiledWhen {
  const conditions = fieldConditions(when, context).map((condition) =>
    context.redactedAs === undefined ? condition : withRedaction(condition, context.redactedAs),
  )
  for (const branch of [
    nested('not', when.not && [when.not], context),
    nested('any', when.any, context),
    nested('all', when.all, context),
  ]) {
    if (branch !== undefined) conditions.push(branch)
  }
  if (when.usage !== undefined) conditions.push(usageCondition(when.usage))
  if (when.rate !== undefined) {
    // A rate counts the calls that meet the conditions beside it.
    conditions.push(rateCondition(when.rate, allOf(conditions.map(({test}) => test)), context))
  }
  return {conditions, test: allOf(conditions.map(({test}) => test))}
}

/** The cheap ones first: whichever says no ends it. */
function fieldConditions(when: RuleWhen, context: WhenContext): Condition[] {
  const conditions: Condition[] = []
  for (const name of ['eventType', 'toolName', 'agentId', 'sessionId', 'sessionKey', 'runId'] as const) {
    const expected = when[name]
    if (expected !== undefined) conditions.push(nameCondition(name, compilePath(namePaths[name]), expected))
  }
  if (when.idleForMsGte !== undefined) conditions.push(idleCondition(when.idleForMsGte))
  if (when.parentStatus !== undefined)
    conditions.push(parentStatusCondition(when.parentStatus, context.statusOf ?? (() => undefined)))
  for (const path of when.requiredPaths ?? []) conditions.push(requiredCondition(path))
  for (const [path, value] of entries(when.equals)) conditions.push(equalsCondition(path, value))
  for (const [path, type] of entries(when.typeChecks)) conditions.push(typeCondition(path, type))
  for (const name of ['inList', 'notInList'] as const) {
    for (const [path, list] of entries(when[name])) conditions.push(listCondition(name, path, list))
  }
  for (const [path, needle] of entries(when.contains)) conditions.push(containsCondition(path, needle))
  for (const name of ['domainAllowlist', 'domainBlocklist', 'domainNotInList'] as const) {
    const list = when[name]
    // An empty list is no constraint, as it always was; `toolguard check` says so.
    if (list !== undefined && list.length > 0)
      conditions.push(domainCondition(name, when.domainPath ?? defaultDomainPath, list))
  }
  for (const name of ['matchesRegex', 'notMatchesRegex'] as const) {
    for (const [path, pattern] of entries(when[name]))
      conditions.push(patternCondition(name, path, ...patternParts(pattern)))
  }
  if (when.shell !== undefined) conditions.push(shellCondition(when.shell, context.compileShell))
  return conditions
}

const namePaths = {
  eventType: 'type',
  toolName: 'data.toolName',
  agentId: 'agentId',
  sessionId: 'sessionId',
  sessionKey: 'sessionKey',
  runId: 'runId',
} as const

export const defaultDomainPath = 'data.params.url'

function nested(
  name: 'not' | 'any' | 'all',
  branches: readonly RuleWhen[] | undefined,
  context: WhenContext,
): Condition | undefined {
  if (branches === undefined) return undefined
  const compiled = branches.map((branch, index) =>
    compileWhen(branch, {...context, ruleId: `${context.ruleId}/${name}/${index}`}),
  )
  const tests = compiled.map(({test}) => test)
  const test = name === 'not' ? negate(allOf(tests)) : name === 'any' ? anyOf(tests) : allOf(tests)
  return {name, expected: branches, test, inner: compiled.map(({conditions}) => [...conditions])}
}

/** Fields as they are written: `Object.entries` gives own ones only, `__proto__` among them. */
function entries<Value>(record: Readonly<Record<string, Value>> | undefined): [string, Value][] {
  return record === undefined ? [] : Object.entries(record)
}

function patternParts(
  pattern: string | {pattern: string; flags?: string},
): [source: string, flags: string | undefined] {
  return typeof pattern === 'string' ? [pattern, undefined] : [pattern.pattern, pattern.flags]
}
