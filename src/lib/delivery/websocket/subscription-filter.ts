import {ClawError, Exit} from '../../errors.ts'
import {isObject} from '../../event/json.ts'
import {compileFilter, type EventTest, isEverything} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import {parseFilter} from '../../filter/parse.ts'
import {nearest} from '../../match/nearest.ts'
import type {Audience} from './feed.ts'
import type {WebSocketLimits} from './limits.ts'
import type {Rights} from './rights.ts'

const lists = ['types', 'agents', 'sessions', 'runs', 'tools'] as const
const texts = ['since', 'until', 'text', 'where'] as const
const known: readonly string[] = [...lists, ...texts]

const mostEntries = 100
const longestEntry = 256
const longestText = 1000
/** The CEL parser's time grows with the third power of what is opened and not closed. */
const deepestWhere = 16

/** Reads the filter of a `subscribe` message. FILTER_INVALID says what is wrong with it. */
export function readFilter(value: unknown, now: number): Filter {
  if (value === undefined) return {}
  if (!isObject(value)) throw invalid('filter is not an object')
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const meant = nearest(key, known)
    throw invalid(`filter.${key} is not known${meant ? `; did you mean "${meant}"?` : `; known: ${known.join(', ')}`}`)
  }
  const [type, agent, session, run, tool] = lists.map((key) => listOf(key, value[key]))
  const [since, until, text, where] = texts.map((key) => textOf(key, value[key]))
  if (where !== undefined && depthOf(where) > deepestWhere) {
    throw invalid(`filter.where has more than ${deepestWhere} brackets within each other`)
  }
  return parseFilter({type, agent, session, run, tool, since, until, text, where}, now)
}

function listOf(key: string, value: unknown): string[] | undefined {
  if (value === undefined) return undefined
  const isGood =
    Array.isArray(value) &&
    value.length <= mostEntries &&
    value.every((entry) => typeof entry === 'string' && entry.length <= longestEntry)
  if (isGood) return value
  throw invalid(`filter.${key} is not a list of at most ${mostEntries} texts of at most ${longestEntry} characters`)
}

/** Times may also be epoch milliseconds as a number. */
function textOf(key: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length <= longestText) return value
  if (typeof value === 'number' && (key === 'since' || key === 'until')) return String(value)
  throw invalid(`filter.${key} is not a text of at most ${longestText} characters`)
}

function depthOf(expression: string): number {
  let depth = 0
  let deepest = 0
  for (const character of expression) {
    if ('([{'.includes(character)) deepest = Math.max(deepest, ++depth)
    else if (')]}'.includes(character)) depth--
  }
  return deepest
}

/** All with these rights who asked for nothing in particular. */
export function plainAudience({key, allows}: Rights): Audience {
  return {key, wants: allows}
}

/** Those who subscribe with these rights and this filter. */
export async function audienceOf(
  rights: Rights,
  filter: Filter,
  {whereMs}: Pick<WebSocketLimits, 'whereMs'>,
): Promise<Audience> {
  if (isEverything(filter)) return plainAudience(rights)
  if (filter.where !== undefined) {
    const {hasLoop} = await import('../../filter/cel.ts')
    if (hasLoop(filter.where))
      throw invalid('filter.where goes through a list (all, exists, map, …), which is not allowed')
  }
  const test = await compileFilter(filter)
  const wants: EventTest = filter.where === undefined ? test : withinTime(test, whereMs)
  return {key: `${rights.key} ${JSON.stringify(filter)}`, wants: (event) => rights.allows(event) && wants(event)}
}

/** Whether the filter costs so much per event that there may not be many of its kind. */
export function isCostly({where, text}: Filter): boolean {
  return where !== undefined || text !== undefined
}

function withinTime(test: EventTest, mostMs: number): EventTest {
  return (event) => {
    const start = performance.now()
    const result = test(event)
    if (performance.now() - start > mostMs) throw invalid(`filter.where took more than ${mostMs} ms for one event`)
    return result
  }
}

/**
 * What of a filter the log may look at by itself: names that redaction leaves as they are. On what it hides, a filter
 * of a client must not be tried.
 */
export function storeFilter({types, agents, sessions, runs, since, until}: Filter, rights: Rights): Filter {
  return {types: types ?? rights.types, agents: agents ?? rights.agents, sessions, runs, since, until}
}

function invalid(message: string): ClawError {
  return new ClawError('FILTER_INVALID', message, {exit: Exit.usage})
}
