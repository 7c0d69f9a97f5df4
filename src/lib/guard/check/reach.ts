import {splitPath} from '../../match/paths.ts'
import type {Policy} from '../policy.ts'
import type {RuleWhen} from '../schema.ts'
import {type Finding, rulesInOrder, whensOf} from './finding.ts'

/** Conditions that no tool call can meet, or that every one meets. */
export function checkReach(policy: Policy): Finding[] {
  return rulesInOrder(policy).flatMap(({rule, path}) =>
    [...whensOf(rule.when, path)].flatMap((at) =>
      faultsIn(at.when).map(({key, message, suggestion}) => ({
        severity: 'warning' as const,
        code: 'never-matches',
        ruleId: rule.id,
        path: `${at.path}.${key}`,
        message,
        ...(suggestion !== undefined && {suggestion}),
      })),
    ),
  )
}

interface Reach {
  key: string
  message: string
  suggestion?: string
}

function faultsIn(when: RuleWhen): Reach[] {
  return [...emptyLists(when), ...foreignConditions(when), ...contradictions(when), ...unknownPaths(when)]
}

function emptyLists(when: RuleWhen): Reach[] {
  const names = (['eventType', 'toolName', 'agentId', 'sessionId', 'sessionKey', 'runId'] as const)
    .filter((key) => Array.isArray(when[key]) && when[key].length === 0)
    .map((key) => ({key, message: 'can never match: the list is empty'}))
  const domains = (['domainAllowlist', 'domainBlocklist', 'domainNotInList'] as const)
    .filter((key) => when[key]?.length === 0)
    .map((key) => ({
      key,
      message: 'the list is empty, so it asks for nothing',
      suggestion: 'name a host, or take the key out',
    }))
  const branches = when.any?.length === 0 ? [{key: 'any', message: 'can never match: there is no branch'}] : []
  return [...names, ...domains, ...branches]
}

/** What only other events have: the bridge shares the language. */
function foreignConditions({eventType, idleForMsGte, parentStatus}: RuleWhen): Reach[] {
  const types = typeof eventType === 'string' ? [eventType] : (eventType ?? ['tool.called'])
  const found: Reach[] = []
  if (types.length > 0 && !types.includes('tool.called')) {
    found.push({
      key: 'eventType',
      message: 'can never match: the guard judges tool.called only',
      suggestion: 'take the key out',
    })
  }
  if (idleForMsGte !== undefined)
    found.push({key: 'idleForMsGte', message: 'can never match: a tool call is not idle; this is for hookBridge.rules'})
  if (parentStatus !== undefined)
    found.push({
      key: 'parentStatus',
      message: 'can never match: a tool call does not tell its parent; this is for hookBridge.rules',
    })
  return found
}

function contradictions(when: RuleWhen): Reach[] {
  const found: Reach[] = []
  for (const [path, value] of Object.entries(when.equals ?? {})) {
    const place = `equals[${JSON.stringify(path)}]`
    const against = [
      when.inList?.[path] !== undefined && !when.inList[path].includes(value) && 'inList',
      when.notInList?.[path]?.includes(value) === true && 'notInList',
      when.typeChecks?.[path] !== undefined && when.typeChecks[path] !== typeof value && 'typeChecks',
      when.contains?.[path] !== undefined &&
        !(typeof value === 'string' && value.includes(when.contains[path])) &&
        'contains',
    ].find((key) => key !== false)
    if (against !== undefined)
      found.push({key: place, message: `can never match: ${against} asks for something else at the same path`})
  }
  for (const [path, list] of Object.entries(when.inList ?? {})) {
    if (when.notInList?.[path] === undefined || list.some((value) => !when.notInList![path]!.includes(value))) continue
    found.push({key: `inList[${JSON.stringify(path)}]`, message: 'can never match: notInList excludes every value'})
  }
  return found
}

const envelope = new Set([
  'eventId',
  'schemaVersion',
  'type',
  'eventCategory',
  'eventName',
  'source',
  'timestamp',
  'agentId',
  'sessionId',
  'sessionKey',
  'runId',
  'toolCallId',
])

const positiveKeys = ['contains', 'equals', 'matchesRegex', 'typeChecks', 'inList'] as const
const negativeKeys = ['notMatchesRegex', 'notInList'] as const

function unknownPaths(when: RuleWhen): Reach[] {
  const positive = positiveKeys.flatMap((key) =>
    Object.keys(when[key] ?? {}).map((path) => ({key: `${key}[${JSON.stringify(path)}]`, path})),
  )
  for (const path of when.requiredPaths ?? []) positive.push({key: 'requiredPaths', path})
  if (when.domainPath !== undefined) positive.push({key: 'domainPath', path: when.domainPath})
  if (when.shell?.path !== undefined) positive.push({key: 'shell.path', path: when.shell.path})
  const negative = negativeKeys.flatMap((key) =>
    Object.keys(when[key] ?? {}).map((path) => ({key: `${key}[${JSON.stringify(path)}]`, path})),
  )
  const say =
    (what: string) =>
    ({key, path}: {key: string; path: string}): Reach => ({
      key,
      message: `${what}: a tool call has nothing at "${path}"`,
      suggestion: `did you mean data.params.${splitPath(path)
        .filter((part) => part !== 'data')
        .join('.')}?`,
    })
  return [
    ...positive.filter(({path}) => !isThere(path)).map(say('can never match')),
    ...negative.filter(({path}) => !isThere(path)).map(say('always matches')),
  ]
}

/** Whether a tool call may have something at a path: params may hold anything. */
function isThere(path: string): boolean {
  const [first, second] = splitPath(path)
  if (first === undefined) return false
  if (envelope.has(first)) return second === undefined
  const field = first === 'data' ? second : first
  return field === undefined || field === 'params' || field === 'toolName'
}
