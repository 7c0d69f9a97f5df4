import type {Filter} from '../../filter/filter.ts'
import {compileGlob, isLiteral} from '../../match/glob.ts'
import type {Connection} from './connection.ts'

/**
 * Where events that may match can be found: rows of one index entry, which lie there in the order of their sequence
 * numbers. `seq` is the name of that column.
 */
export interface Place {
  from: string
  seq: 'seq' | 'rowid'
  parameters: Array<string | number>
}

/** Beyond this a list of places costs more than it saves. */
const mostPlaces = 2000

/** The places of one condition; all together hold every event that it lets through. Undefined: no index helps. */
export type Places = Place[] | undefined

export function runPlaces(_: Connection, {runs}: Filter): Places {
  return isSet(runs) ? distinct(runs).map((run) => place('events INDEXED BY by_run WHERE run_id = ?', run)) : undefined
}

export function sessionPlaces(_: Connection, {sessions}: Filter): Places {
  if (!isSet(sessions)) return undefined
  return distinct(sessions).flatMap((session) => [
    place('events INDEXED BY by_session_key WHERE session_key = ?', session),
    place('events INDEXED BY by_session_id WHERE session_id = ?', session),
  ])
}

export function toolPlaces(connection: Connection, {tools}: Filter): Places {
  const names = tools && expand(tools, () => toolNames(connection))
  return names?.map((name) => place('events INDEXED BY by_tool WHERE tool = ?', name))
}

/**
 * By agent, type and time. A time alone is looked up here under all agents and types: this index is in log order, and
 * much smaller than the log.
 */
export function agentTypePlaces(connection: Connection, filter: Filter): Places {
  const [timeWhere, timeParameters] = timeCondition(filter)
  if (!isSet(filter.agents) && !isSet(filter.types) && !timeWhere) return undefined
  return wantedPairs(connection, filter)?.map(([agent, type]) =>
    place(`events INDEXED BY by_agent_type WHERE agent = ? AND type = ?${timeWhere}`, agent, type, ...timeParameters),
  )
}

export function textPlace(match: string): Place {
  return {from: 'words WHERE words MATCH ?', seq: 'rowid', parameters: [match]}
}

/** The SQL of `since` and `until`, each part preceded by AND. */
export function timeCondition({since, until}: Filter): [sql: string, parameters: number[]] {
  const sql = `${since === undefined ? '' : ' AND ts >= ?'}${until === undefined ? '' : ' AND ts < ?'}`
  return [sql, [since, until].filter((time) => time !== undefined)]
}

/** The types that the filter's globs let through, of those that are in the log; undefined for all, or for too many. */
export function wantedTypes(connection: Connection, {types}: Filter): string[] | undefined {
  return types && expand(types, () => knownPairs(connection)?.map(([, type]) => type))
}

export function wantedTools(connection: Connection, {tools}: Filter): string[] | undefined {
  return tools && expand(tools, () => toolNames(connection))
}

/** Every agent and every type that occurs; undefined for too many. */
export function knownNames(connection: Connection): {agents: string[]; types: string[]} | undefined {
  const pairs = knownPairs(connection)
  return pairs && {agents: distinct(pairs.map(([agent]) => agent)), types: distinct(pairs.map(([, type]) => type))}
}

type Pair = [agent: string, type: string]

function wantedPairs(connection: Connection, filter: Filter): Pair[] | undefined {
  const {agents = [], types = []} = filter
  if (agents.length > 0 && types.length > 0 && types.every(isLiteral)) {
    const pairs = distinct(agents).flatMap((agent) => distinct(types).map((type): Pair => [agent, type]))
    return pairs.length <= mostPlaces ? pairs : undefined
  }
  if (!types.every((type) => type.isWellFormed())) return undefined
  const globs = types.map(compileGlob)
  const wanted = new Set(agents.map((agent) => agent.toWellFormed()))
  return knownPairs(connection)?.filter(
    ([agent, type]) =>
      (wanted.size === 0 || wanted.has(agent)) && (globs.length === 0 || globs.some((matches) => matches(type))),
  )
}

/** Every agent and type that occurs, by skipping through the index: one look-up each. */
function knownPairs(connection: Connection): Pair[] | undefined {
  const pairs: Pair[] = []
  for (const agent of skipThrough(connection, 'min(agent) AS name FROM events WHERE agent')) {
    const types = 'min(type) AS name FROM events INDEXED BY by_agent_type WHERE agent = ? AND type'
    for (const type of skipThrough(connection, types, agent)) {
      if (pairs.length === mostPlaces) return undefined
      pairs.push([agent, type])
    }
  }
  return pairs
}

function toolNames(connection: Connection): string[] | undefined {
  const names: string[] = []
  for (const name of skipThrough(connection, 'min(tool) AS name FROM events INDEXED BY by_tool WHERE tool')) {
    if (names.length === mostPlaces) return undefined
    names.push(name)
  }
  return names
}

/** The different names of an index, from the empty one on; `smallest` ends with the name, which is then compared. */
function* skipThrough({sql}: Connection, smallest: string, ...parameters: string[]): Generator<string> {
  let name = sql(`SELECT ${smallest} >= ?`).get(...parameters, '')?.['name']
  while (typeof name === 'string') {
    yield name
    name = sql(`SELECT ${smallest} > ?`).get(...parameters, name)?.['name']
  }
}

/** The values that globs stand for; `known` is only asked when one of them is not literal. */
function expand(globs: readonly string[], known: () => string[] | undefined): string[] | undefined {
  if (globs.length === 0 || !globs.every((glob) => glob.isWellFormed())) return undefined
  if (globs.every(isLiteral)) return distinct(globs)
  const tests = globs.map(compileGlob)
  return known()?.filter((value) => tests.some((matches) => matches(value)))
}

function place(from: string, ...parameters: Array<string | number>): Place {
  return {from, seq: 'seq', parameters}
}

function isSet(values: readonly string[] | undefined): values is readonly string[] {
  return values !== undefined && values.length > 0
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)]
}
