import {compilePath, type Fields, type PathReader} from '../match/paths.ts'
import {compilePattern} from '../match/patterns.ts'
import {type Condition, No, type Subject, spend, type Test, valueAt, Yes} from './condition.ts'

type Scalar = string | number | boolean

/** An id or name of the event that must be this, or one of these. */
export function nameCondition(name: string, read: PathReader, expected: string | readonly string[]): Condition {
  const one = typeof expected === 'string' ? expected : undefined
  const many = new Set(typeof expected === 'string' ? [] : expected)
  const test: Test =
    one !== undefined
      ? (subject) => (read(subject.event) === one ? Yes : No)
      : (subject) => (many.has(read(subject.event) as string) ? Yes : No)
  return {name, expected, found: read, test}
}

/** One condition on the value at one path, true or false. */
function onValue(name: string, path: string, expected: unknown, holds: (value: unknown) => boolean): Condition {
  const read = compilePath(path)
  return {name, path, expected, found: read, test: (subject) => (holds(valueAt(subject, path, read)) ? Yes : No)}
}

export function containsCondition(path: string, needle: string): Condition {
  const read = compilePath(path)
  const test = (subject: Subject) => {
    const value = valueAt(subject, path, read)
    if (typeof value !== 'string') return No
    spend(subject, value.length)
    return value.includes(needle) ? Yes : No
  }
  return {name: 'contains', path, expected: needle, found: read, test}
}

export function equalsCondition(path: string, expected: Scalar): Condition {
  return onValue('equals', path, expected, (value) => value === expected)
}

/** `matchesRegex`: what is no text never matches. `notMatchesRegex`: what is no text, or missing, does not match either. */
export function patternCondition(
  name: 'matchesRegex' | 'notMatchesRegex',
  path: string,
  source: string,
  flags: string | undefined,
): Condition {
  const pattern = compilePattern(source, flags)
  const wanted = name === 'matchesRegex'
  const expected = flags ? {pattern: source, flags} : source
  const read = compilePath(path)
  const test = (subject: Subject) => {
    const value = valueAt(subject, path, read)
    if (typeof value !== 'string') return wanted ? No : Yes
    spend(subject, value.length)
    return pattern.test(value) === wanted ? Yes : No
  }
  return {name, path, expected, found: read, test}
}

export function requiredCondition(path: string): Condition {
  return onValue('requiredPaths', path, 'present', (value) => value !== undefined && value !== null)
}

export function typeCondition(path: string, type: string): Condition {
  return onValue('typeChecks', path, type, (value) => typeName(value) === type)
}

export function listCondition(name: 'inList' | 'notInList', path: string, list: readonly Scalar[]): Condition {
  const values = new Set<unknown>(list)
  const wanted = name === 'inList'
  return onValue(name, path, list, (value) => values.has(value) === wanted)
}

/** `null` is no object, a list is an array. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** How long a subagent has been idle; only events that say so can match. */
export function idleCondition(atLeast: number): Condition {
  return onValue('idleForMsGte', 'data.idleForMs', atLeast, (value) => typeof value === 'number' && value >= atLeast)
}

/** The last known status of the parent agent. An unknown parent or status never matches. */
export function parentStatusCondition(expected: string, statusOf: (agentId: string) => string | undefined): Condition {
  const read = compilePath('data.parentAgentId')
  const found = (event: Fields) => {
    const parent = read(event)
    return typeof parent === 'string' ? statusOf(parent) : undefined
  }
  return {name: 'parentStatus', expected, found, test: (subject) => (found(subject.event) === expected ? Yes : No)}
}
