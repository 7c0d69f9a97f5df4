import type {Policy} from './policy.ts'
import type {GuardRule, RuleWhen, ToolGuardConfig} from './schema.ts'

/** One thing that differs between two policies, as small as it can be said. */
export interface PolicyEdit {
  /** The rule it concerns; a setting of the whole policy has none. */
  ruleId?: string
  /** What differs: `rule`, `order`, a key of the rule or policy, or one condition: `when.contains["data.params.url"]`. */
  what: string
  /** `undefined`: not there. */
  old: unknown
  new: unknown
}

type Settings = Omit<ToolGuardConfig, 'rules'>
type Parts = ReadonlyMap<string, unknown>

/** Settings that change what is done with a verdict, not the verdict. */
const outsideJudging = new Set(['enabled', 'dryRun', 'trace', 'redaction', 'rules'])

/** All edits that make the old policy the new one. */
export function editsBetween(old: Policy, now: Policy): PolicyEdit[] {
  const edits: PolicyEdit[] = []
  const settings = (policy: Policy): Parts =>
    new Map(Object.entries(policy.toolGuard).filter(([key]) => !outsideJudging.has(key)))
  edits.push(...differences(settings(old), settings(now)))
  const oldRules = byId(old)
  const newRules = byId(now)
  for (const [id, rule] of oldRules) {
    const other = newRules.get(id)
    if (other === undefined) edits.push({ruleId: id, what: 'rule', old: rule, new: undefined})
    else edits.push(...differences(partsOf(rule), partsOf(other)).map((edit) => ({ruleId: id, ...edit})))
  }
  for (const [id, rule] of newRules)
    if (!oldRules.has(id)) edits.push({ruleId: id, what: 'rule', old: undefined, new: rule})
  const [before, after] = [commonOrder(oldRules, newRules), commonOrder(newRules, oldRules)]
  if (before.join('\n') !== after.join('\n')) edits.push({what: 'order', old: before, new: after})
  return edits
}

/** The old policy with some of the edits made. */
export function withEdits(old: Policy, now: Policy, edits: readonly PolicyEdit[]): Policy {
  const settings: Record<string, unknown> = {...old.toolGuard}
  const rules = new Map(byId(old))
  for (const {ruleId, what, new: value} of edits) {
    if (ruleId === undefined) {
      if (what !== 'order') setOrDelete(settings, what, value)
    } else if (what !== 'rule') rules.set(ruleId, withPart(rules.get(ruleId)!, what, value))
    else if (value === undefined) rules.delete(ruleId)
    else rules.set(ruleId, value as GuardRule)
  }
  const order = edits.some(({what}) => what === 'order') ? merged(now, old) : merged(old, now)
  const ordered = order.map((id) => rules.get(id)).filter((rule) => rule !== undefined)
  return {toolGuard: {...(settings as Settings), rules: ordered}, actions: {...old.actions, ...now.actions}}
}

function byId({toolGuard}: Policy): ReadonlyMap<string, GuardRule> {
  return new Map(toolGuard.rules.map((rule) => [rule.id, rule]))
}

function commonOrder(rules: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>): string[] {
  return [...rules.keys()].filter((id) => others.has(id))
}

/** Ids in the order of the first, those of the second alone after the one they follow there. */
function merged(first: Policy, second: Policy): string[] {
  const order = first.toolGuard.rules.map(({id}) => id)
  let before = -1
  for (const {id} of second.toolGuard.rules) {
    const at = order.indexOf(id)
    if (at < 0) order.splice(++before, 0, id)
    else before = at
  }
  return order
}

/** Keys of `when` that hold one condition for each path. */
const keyedByPath = new Set([
  'contains',
  'equals',
  'matchesRegex',
  'notMatchesRegex',
  'typeChecks',
  'inList',
  'notInList',
])

/** A rule in the pieces that are compared: its keys, and each condition by itself. */
function partsOf({when, id: _id, description: _description, ...rest}: GuardRule): Parts {
  const parts = new Map<string, unknown>(Object.entries(rest))
  for (const [key, value] of Object.entries(when)) {
    if (keyedByPath.has(key)) {
      for (const [path, expected] of Object.entries(value as object))
        parts.set(`when.${key}[${JSON.stringify(path)}]`, expected)
    } else parts.set(`when.${key}`, value)
  }
  return parts
}

function differences(old: Parts, now: Parts): PolicyEdit[] {
  const keys = new Set([...old.keys(), ...now.keys()])
  return [...keys]
    .filter((key) => JSON.stringify(old.get(key)) !== JSON.stringify(now.get(key)))
    .map((key) => ({what: key, old: old.get(key), new: now.get(key)}))
}

function withPart(rule: GuardRule, what: string, value: unknown): GuardRule {
  const copy: Record<string, unknown> = {...rule}
  const condition = /^when\.(\w+)(?:\[(.*)\])?$/s.exec(what)
  if (condition === null) {
    setOrDelete(copy, what, value)
    return copy as GuardRule
  }
  const [, key, path] = condition
  const when: Record<string, unknown> = {...rule.when}
  if (path === undefined) setOrDelete(when, key!, value)
  else {
    const byPath = {...(when[key!] as object | undefined)}
    setOrDelete(byPath, JSON.parse(path), value)
    setOrDelete(when, key!, Object.keys(byPath).length === 0 ? undefined : byPath)
  }
  return {...rule, when: when as RuleWhen}
}

function setOrDelete(object: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) delete object[key]
  else object[key] = value
}
