import {isEverything} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import type {Grouping, Tally} from '../port.ts'
import {hourOf, sortGroups} from '../tally.ts'
import type {Connection} from './connection.ts'
import {type Condition, type CountPlace, piecesOf} from './count-pieces.ts'
import {readHead} from './head.ts'
import type {LogFile} from './log-file.ts'
import {knownNames, timeCondition, wantedTools, wantedTypes} from './places.ts'

const hourMs = 3_600_000

/** What an event is grouped by, as SQL. */
const keys: Record<Grouping, string> = {
  type: 'type',
  agent: 'agent',
  session: 'coalesce(session_key, session_id)',
  tool: 'tool',
  hour: `ts - (ts % ${hourMs} + ${hourMs}) % ${hourMs}`,
}

export interface CountOptions {
  /** The filter's text for the index, which is up to date. */
  match?: string
  /** Gives other work of this process its turn; what it throws ends the count. */
  pause: () => Promise<void>
}

/**
 * Counts inside SQLite, in pieces so short that a signal is heard between them. Undefined where SQL would not count
 * exactly what the filter lets through (a CEL expression, text that UTF-8 cannot hold): then the events have to be
 * looked at.
 */
export async function countRows(
  file: LogFile,
  filter: Filter,
  by: Grouping | undefined,
  {match, pause}: CountOptions,
): Promise<Tally | undefined> {
  if (filter.where || (filter.text && match === undefined)) return undefined
  if (isEverything(filter) && !by) return {count: readHead(file.reader()).events, groups: []}
  const plan = planOf(file.reader(), filter, by)
  if (!plan) return undefined
  const select = `SELECT ${by ? keys[by] : 'NULL'} AS key, count(*) AS count FROM events${plan.hint}`
  const counts = new Map<unknown, number>()
  for (const piece of piecesOf(file, plan)) {
    const conditions = [piece, ...plan.conditions, ...(match === undefined ? [] : [textIn(piece, match)])]
    const query = `${select} WHERE ${conditions.map(([sql]) => sql).join(' AND ')} GROUP BY 1`
    const parameters = conditions.flatMap(([, ...values]) => values)
    for (const {key, count} of file
      .reader()
      .sql(query)
      .all(...parameters)) {
      counts.set(key, (counts.get(key) ?? 0) + Number(count))
    }
    await pause()
  }
  return tallyOf(counts, by)
}

function tallyOf(counts: ReadonlyMap<unknown, number>, by: Grouping | undefined): Tally | undefined {
  const tally: Tally = {count: 0, groups: []}
  for (const [value, count] of counts) {
    tally.count += count
    const key = by === 'hour' && value !== null ? hourOf(Number(value)) : value
    if (typeof key !== 'string') continue
    // What UTF-8 cannot hold became U+FFFD in the index, and different values the same.
    if (key.includes('\ufffd')) return undefined
    tally.groups.push({key, count})
  }
  sortGroups(tally.groups, by)
  return tally
}

interface Plan extends CountPlace {
  conditions: Condition[]
  /** ` INDEXED BY …`, where SQLite without statistics would read the whole log. */
  hint: string
}

/** Undefined where SQL would not count exactly what the filter lets through. */
function planOf(connection: Connection, filter: Filter, by: Grouping | undefined): Plan | undefined {
  const conditions = conditionsOf(connection, filter)
  if (!conditions) return undefined
  const {agents = [], types = [], since, until} = filter
  const hasTime = since !== undefined || until !== undefined
  const inIndex = [agents.length > 0, types.length > 0, hasTime].filter(Boolean).length
  if (filter.text || inIndex < conditions.length || by === 'session' || by === 'tool') return {conditions, hint: ''}
  if (inIndex === (hasTime ? 1 : 0) && (by === 'hour' || by === undefined)) {
    return {conditions: [], hint: ' INDEXED BY by_ts', times: {since, until}}
  }
  const names = namesBeside(connection, filter)
  return names ? {conditions: [...conditions, ...names], hint: ' INDEXED BY by_agent_type'} : {conditions, hint: ''}
}

/** Beyond so many pairs of an agent and a type, finding each in every piece takes longer than reading the piece. */
const mostPairs = 5000

/** The index leads to a stretch of the log only where both agent and type are named: all there are, if none are asked for. */
function namesBeside(connection: Connection, {agents = [], types = []}: Filter): Condition[] | undefined {
  const known = knownNames(connection)
  if (!known || (agents.length || known.agents.length) * known.types.length > mostPairs) return undefined
  return [
    ...(agents.length > 0 ? [] : [oneOf('agent', known.agents)]),
    ...(types.length > 0 ? [] : [oneOf('type', known.types)]),
  ]
}

/** The index is asked for this piece only: it would give all that match, each time. */
function textIn([, ...piece]: Condition, match: string): Condition {
  return ['seq IN (SELECT rowid FROM words WHERE words MATCH ? AND rowid > ? AND rowid <= ?)', match, ...piece]
}

function conditionsOf(connection: Connection, filter: Filter): Condition[] | undefined {
  const {agents = [], types = [], sessions = [], runs = [], tools = []} = filter
  if (![agents, types, sessions, runs, tools].flat().every(isExact)) return undefined
  const conditions: Condition[] = []
  if (agents.length > 0) conditions.push(oneOf('agent', agents))
  if (runs.length > 0) conditions.push(oneOf('run_id', runs))
  if (sessions.length > 0) {
    const [byKey, ...keyValues] = oneOf('session_key', sessions)
    const [byId, ...idValues] = oneOf('session_id', sessions)
    conditions.push([`(${byKey} OR ${byId})`, ...keyValues, ...idValues])
  }
  for (const [column, globs, wanted] of [
    ['type', types, wantedTypes],
    ['tool', tools, wantedTools],
  ] as const) {
    if (globs.length === 0) continue
    const values = wanted(connection, filter)
    if (!values) return undefined
    conditions.push(oneOf(column, values))
  }
  const [timeWhere, timeParameters] = timeCondition(filter)
  if (timeWhere) conditions.push([timeWhere.replace(' AND ', ''), ...timeParameters])
  return conditions
}

function oneOf(column: string, values: readonly string[]): Condition {
  return [`${column} IN (${values.map(() => '?').join(', ')})`, ...values]
}

function isExact(value: string): boolean {
  return value.isWellFormed() && !value.includes('\ufffd')
}
