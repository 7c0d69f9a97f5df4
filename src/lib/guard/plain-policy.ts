import {isObject} from '../event/json.ts'
import {parseDomain} from '../match/domains.ts'
import {compilePattern} from '../match/patterns.ts'
import type {ToolGuardConfig} from './schema.ts'

/**
 * Whether a value is a policy of rules that decide by themselves, and surely in order. The schema says what is wrong
 * with any other, and what this does not know; it accepts everything that this accepts (a test holds that), but takes
 * longer to load than 10 000 calls take to judge.
 */
export function isPlainPolicy(value: unknown): value is ToolGuardConfig {
  if (!toolGuard(value)) return false
  const ids = (value as {rules: {id: string}[]}).rules.map(({id}) => id)
  return new Set(ids).size === ids.length
}

type Fits = (value: unknown) => boolean

const text: Fits = (value) => typeof value === 'string'
const name: Fits = (value) => typeof value === 'string' && /\S/.test(value)
const flag: Fits = (value) => typeof value === 'boolean'
const scalar: Fits = (value) => text(value) || flag(value) || (typeof value === 'number' && Number.isFinite(value))
const names: Fits = (value) => text(value) || listOf(text)(value)
const within =
  (min: number, max: number): Fits =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
const oneOf =
  (...words: unknown[]): Fits =>
  (value) =>
    words.includes(value)

function listOf(fits: Fits, atLeast = 0): Fits {
  return (value) => Array.isArray(value) && value.length >= atLeast && value.every(fits)
}

function byPath(fits: Fits): Fits {
  return (value) => isObject(value) && Object.entries(value).every(([key, item]) => key !== '__proto__' && fits(item))
}

/** An object with these keys at most. */
function only(shape: Readonly<Record<string, Fits>>): Fits {
  return (value) =>
    isObject(value) && Object.entries(value).every(([key, item]) => Object.hasOwn(shape, key) && shape[key]!(item))
}

function works(attempt: (text: string) => unknown): Fits {
  return (value) => {
    if (typeof value !== 'string') return false
    try {
      attempt(value)
      return true
    } catch {
      // Why not is for the schema to say.
      return false
    }
  }
}

const patterns = byPath(works((source) => compilePattern(source)))
const hosts = listOf(works(parseDomain))
const lists = byPath(listOf(scalar, 1))

const when = only({
  toolName: names,
  agentId: names,
  sessionId: names,
  sessionKey: names,
  runId: names,
  contains: byPath(text),
  equals: byPath(scalar),
  matchesRegex: patterns,
  notMatchesRegex: patterns,
  requiredPaths: listOf(name),
  inList: lists,
  notInList: lists,
  domainAllowlist: hosts,
  domainBlocklist: hosts,
  domainNotInList: hosts,
  domainPath: name,
})

const decision = only({block: flag, blockReason: text, blockReasonTemplate: text})

const rule: Fits = (value) =>
  isObject(value) &&
  name(value['id']) &&
  isObject(value['when']) &&
  isObject(value['decision']) &&
  flag(value['decision']['block']) &&
  only({id: name, description: text, enabled: flag, priority: within(-1_000_000, 1_000_000), when, decision})(value)

const toolGuard: Fits = (value) =>
  isObject(value) &&
  Array.isArray(value['rules']) &&
  only({
    enabled: flag,
    dryRun: flag,
    onError: oneOf('allow', 'block'),
    scopeKeyBy: oneOf('tool', 'tool_and_params'),
    retryBackoffMs: within(0, 3_600_000),
    approvalCacheTtlMs: within(0, 86_400_000),
    rules: listOf(rule),
  })(value)
