import {isObject} from '../../event/json.ts'
import type {RuleWhen} from '../schema.ts'
import {defaultDomainPath} from '../when.ts'

const nameKeys = ['eventType', 'toolName', 'agentId', 'sessionId', 'sessionKey', 'runId'] as const

/**
 * Whether every call that `narrow` matches is matched by `wide` too, as far as it can be read off. `false` may mean
 * that nobody knows; `true` is certain.
 */
export function implies(narrow: RuleWhen, wide: RuleWhen): boolean {
  const known = joined(narrow)
  return (Object.keys(wide) as (keyof RuleWhen)[]).every(
    (key) => wide[key] === undefined || impliesKey(known, wide, key),
  )
}

/** Whether no call can match both, as far as it can be read off. */
export function excludes(one: RuleWhen, other: RuleWhen): boolean {
  const [a, b] = [joined(one), joined(other)]
  if (nameKeys.some((key) => isDisjoint(listOf(a[key]), listOf(b[key])))) return true
  return Object.keys({...a.equals, ...a.inList}).some((path) => isDisjoint(valuesAt(a, path), valuesAt(b, path)))
}

/** Conditions under `all` hold like those beside it. */
function joined(when: RuleWhen): RuleWhen {
  if (when.all === undefined) return when
  const {all, ...rest} = when
  // Where both name the same key, the outer one counts: to know less is never wrong.
  return all.reduce<RuleWhen>((merged, branch) => mergeWhens(withoutDomains(joined(branch)), merged), rest)
}

/** Lists of hosts belong to the path beside them, which would be lost. */
function withoutDomains({domainAllowlist, domainBlocklist, domainNotInList, domainPath, ...rest}: RuleWhen): RuleWhen {
  return rest
}

function mergeWhens(weak: RuleWhen, strong: RuleWhen): RuleWhen {
  const merged: Record<string, unknown> = {...weak}
  for (const [key, value] of Object.entries(strong)) {
    const other = merged[key]
    merged[key] = isObject(value) && isObject(other) ? {...other, ...value} : value
  }
  return merged as RuleWhen
}

function impliesKey(narrow: RuleWhen, wide: RuleWhen, key: keyof RuleWhen): boolean {
  switch (key) {
    case 'eventType':
    case 'toolName':
    case 'agentId':
    case 'sessionId':
    case 'sessionKey':
    case 'runId':
      return isSubset(listOf(narrow[key]), listOf(wide[key]))
    case 'contains':
      return everyPath(
        wide.contains,
        (path, needle) => textsAt(narrow, path)?.every((text) => text.includes(needle)) === true,
      )
    case 'equals':
      return everyPath(wide.equals, (path, value) => isSubset(valuesAt(narrow, path), [value]))
    case 'inList':
      return everyPath(wide.inList, (path, list) => isSubset(valuesAt(narrow, path), list))
    case 'notInList':
      return everyPath(
        wide.notInList,
        (path, list) => isSubset(list, narrow.notInList?.[path]) || isDisjoint(valuesAt(narrow, path), list),
      )
    case 'requiredPaths':
      return (wide.requiredPaths ?? []).every(
        (path) => typeAt(narrow, path) !== undefined || narrow.requiredPaths?.includes(path) === true,
      )
    case 'typeChecks':
      return everyPath(wide.typeChecks, (path, type) => typeAt(narrow, path) === type)
    case 'matchesRegex':
    case 'notMatchesRegex':
      return everyPath(wide[key], (path, pattern) => isEqual(narrow[key]?.[path], pattern))
    case 'domainAllowlist':
    case 'domainBlocklist':
    case 'domainNotInList':
      return impliesDomains(narrow, wide, key)
    case 'domainPath':
      return true
    case 'rate':
      // Two rates never count the same calls.
      return false
    case 'idleForMsGte':
      return (narrow.idleForMsGte ?? -1) >= wide.idleForMsGte!
    case 'any':
      return isEqual(narrow.any, wide.any) || wide.any!.some((branch) => implies(narrow, branch))
    case 'all':
      return wide.all!.every((branch) => implies(narrow, branch))
    default:
      return isEqual(narrow[key], wide[key])
  }
}

function impliesDomains(
  narrow: RuleWhen,
  wide: RuleWhen,
  key: 'domainAllowlist' | 'domainBlocklist' | 'domainNotInList',
): boolean {
  if (wide[key]!.length === 0) return true
  if ((narrow.domainPath ?? defaultDomainPath) !== (wide.domainPath ?? defaultDomainPath)) return false
  if (key === 'domainNotInList') return isSubset(wide[key], narrow[key])
  // A blocklist matches all that an allowlist of the same hosts does, and broken URLs besides.
  return [narrow[key], key === 'domainBlocklist' ? narrow.domainAllowlist : undefined].some(
    (list) => list?.length !== 0 && isSubset(list, wide[key]),
  )
}

type Scalar = string | number | boolean

/** The only values a path can have. */
function valuesAt({equals, inList}: RuleWhen, path: string): readonly Scalar[] | undefined {
  const value = equals?.[path]
  return value === undefined ? inList?.[path] : [value]
}

/** Texts that are all in the value at a path, or are all it can be. */
function textsAt(when: RuleWhen, path: string): readonly string[] | undefined {
  const needle = when.contains?.[path]
  if (needle !== undefined) return [needle]
  const values = valuesAt(when, path)
  return values?.every((value) => typeof value === 'string') ? (values as string[]) : undefined
}

function typeAt(when: RuleWhen, path: string): string | undefined {
  if (when.typeChecks?.[path] !== undefined) return when.typeChecks[path]
  if (when.contains?.[path] !== undefined || when.matchesRegex?.[path] !== undefined) return 'string'
  if (when.domainAllowlist?.length && (when.domainPath ?? defaultDomainPath) === path) return 'string'
  const types = new Set(valuesAt(when, path)?.map((value) => typeof value))
  return types.size === 1 ? [...types][0] : undefined
}

function everyPath<Value>(
  record: Readonly<Record<string, Value>> = {},
  holds: (path: string, value: Value) => boolean,
): boolean {
  return Object.keys(record).every((path) => holds(path, record[path]!))
}

function listOf(names: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof names === 'string' ? [names] : names
}

function isSubset(few: readonly Scalar[] | undefined, many: readonly Scalar[] | undefined): boolean {
  return few !== undefined && many !== undefined && few.every((value) => many.includes(value))
}

function isDisjoint(one: readonly Scalar[] | undefined, other: readonly Scalar[] | undefined): boolean {
  return one !== undefined && other !== undefined && !one.some((value) => other.includes(value))
}

function isEqual(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other
  return JSON.stringify(one) === JSON.stringify(other)
}
