import type {ClawEvent} from '../event/envelope.ts'
import {timeOf} from '../event/timestamp.ts'
import {compileGlob} from '../match/glob.ts'
import type {Filter} from './filter.ts'
import {matchesText, parseText, textOf, wordsOf} from './text.ts'

export type EventTest = (event: ClawEvent) => boolean

/**
 * Compiles a filter to a test of one event. Pure and never throwing on any event; FILTER_INVALID for a text query
 * without words or a CEL expression that does not parse. Async only because CEL is loaded where it is asked for.
 */
export async function compileFilter(filter: Filter): Promise<EventTest> {
  if (!isPresent(filter.where)) return compileTerms(filter)
  const {compileCel} = await import('./cel.ts')
  return joined([...simpleTests(filter), compileCel(filter.where)])
}

/** The same for every term but the expression, at once. */
export function compileTerms(filter: Omit<Filter, 'where'>): EventTest {
  return joined(simpleTests(filter))
}

function joined(tests: readonly EventTest[]): EventTest {
  const [first, second] = tests
  if (!first) return () => true
  if (!second) return first
  return (event) => tests.every((test) => test(event))
}

/** Whether the filter holds for every event. */
export function isEverything(filter: Filter): boolean {
  const {types, agents, sessions, runs, tools, since, until, text, where} = filter
  return (
    ![types, agents, sessions, runs, tools, text, where].some(isPresent) && since === undefined && until === undefined
  )
}

/** Cheap terms first: `tests.every` stops at the first that fails. */
function simpleTests(filter: Filter): EventTest[] {
  const tests: EventTest[] = []
  const {types, agents, sessions, runs, tools, since, until, text} = filter
  if (isPresent(agents)) tests.push(oneOf(agents, (event) => event.agentId))
  if (isPresent(types)) tests.push(anyGlob(types, (event) => event.type))
  if (isPresent(sessions)) {
    const wanted = new Set<unknown>(sessions)
    tests.push((event) => wanted.has(event.sessionKey) || wanted.has(event.sessionId))
  }
  if (isPresent(runs)) tests.push(oneOf(runs, (event) => event.runId))
  if (isPresent(tools)) tests.push(anyGlob(tools, (event) => event.data?.['toolName']))
  if (since !== undefined) tests.push((event) => timeOf(event) >= since)
  if (until !== undefined) tests.push((event) => timeOf(event) < until)
  if (isPresent(text)) {
    const query = parseText(text)
    tests.push((event) => matchesText(query, wordsOf(textOf(event))))
  }
  return tests
}

function isPresent<T extends string | readonly string[]>(term: T | undefined): term is T {
  return term !== undefined && term.length > 0
}

function oneOf(values: readonly string[], read: (event: ClawEvent) => unknown): EventTest {
  const [only] = values
  if (values.length === 1) return (event) => read(event) === only
  const wanted = new Set<unknown>(values)
  return (event) => wanted.has(read(event))
}

function anyGlob(patterns: readonly string[], read: (event: ClawEvent) => unknown): EventTest {
  const globs = patterns.map(compileGlob)
  return (event) => {
    const value = read(event)
    return typeof value === 'string' && globs.some((matches) => matches(value))
  }
}
