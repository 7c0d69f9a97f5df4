import {nearest} from '../match/nearest.ts'
import {faultAt} from './fault-at.ts'
import type {Fault} from './faults.ts'
import {isFields, type KeyPath, valueAt} from './key-path.ts'
import type {Merged} from './layers.ts'

/**
 * What no single key shows of rules and actions: an id that is there twice, a rule that does nothing, an action that
 * is not there. Looks at the values as written, so that it finds these beside any other fault.
 */
export function checkRules(merged: Merged): Fault[] {
  const actions = valueAt(merged.values, ['hookBridge', 'actions'])
  const known = isFields(actions) ? Object.keys(actions) : []
  return [
    ...checkList(merged, ['hookBridge', 'toolGuard', 'rules'], (rule, path) => [
      ...checkEffect(merged, rule, path),
      ...checkAction(merged, rule, {path, known}),
    ]),
    ...checkList(merged, ['hookBridge', 'rules'], (rule, path) => checkAction(merged, rule, {path, known})),
  ]
}

type Rule = Readonly<Record<string, unknown>>

function checkList(merged: Merged, path: KeyPath, check: (rule: Rule, path: KeyPath) => Fault[]): Fault[] {
  const rules = valueAt(merged.values, path)
  if (!Array.isArray(rules)) return []
  const ids = new Set<unknown>()
  return rules.flatMap((rule: unknown, index) => {
    if (!isFields(rule)) return []
    const place = [...path, index]
    const isTwice = rule['id'] !== undefined && ids.has(rule['id'])
    ids.add(rule['id'])
    const twice = isTwice ? [faultAt(merged, [...place, 'id'], {expected: 'an id that no other rule has'})] : []
    return [...twice, ...check(rule, place)]
  })
}

function checkEffect(merged: Merged, {action, decision}: Rule, path: KeyPath): Fault[] {
  const decides = isFields(decision) && ['block', 'params', 'ask'].some((key) => decision[key] !== undefined)
  const isLeftToSchema = decision !== undefined && !isFields(decision)
  const acts = decision === undefined && typeof action === 'string' && action.trim() !== ''
  if (decides || acts || isLeftToSchema || (action !== undefined && typeof action !== 'string')) return []
  const place = decision === undefined ? path : [...path, 'decision']
  const expected = 'an "action", or a "decision" with "block", "params" or "ask"'
  return [faultAt(merged, place, {expected, found: decision === undefined ? 'neither' : 'one without'})]
}

function checkAction(
  merged: Merged,
  {action}: Rule,
  {path, known}: {path: KeyPath; known: readonly string[]},
): Fault[] {
  if (typeof action !== 'string' || action.trim() === '' || known.includes(action)) return []
  const expected = 'the id of an action in hookBridge.actions'
  return [faultAt(merged, [...path, 'action'], {expected, suggestion: nearest(action, known)})]
}
