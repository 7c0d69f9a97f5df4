import type {Filter} from '../../filter/filter.ts'
import type {Grouping, Tally} from '../port.ts'
import {hourOf, sortGroups} from '../tally.ts'
import type {Connection} from './connection.ts'
import {readHead} from './head.ts'
import {timeCondition, wantedTools, wantedTypes} from './places.ts'

const hourMs = 3_600_000

/** What an event is grouped by, as SQL. */
const keys: Record<Grouping, string> = {
  type: 'type',
  agent: 'agent',
  session: 'coalesce(session_key, session_id)',
  tool: 'tool',
  hour: `ts - (ts % ${hourMs} + ${hourMs}) % ${hourMs}`,
}

/**
 * Counts inside SQLite. Undefined where SQL would not count exactly what the filter lets through (a CEL expression,
 * text that UTF-8 cannot hold): then the events have to be looked at.
 *
 * @param match the filter's text for the index, which is up to date
 */
export function countRows(
  connection: Connection,
  filter: Filter,
  by: Grouping | undefined,
  match: string | undefined,
): Tally | undefined {
  if (filter.where || (filter.text && match === undefined)) return undefined
  const conditions = conditionsOf(connection, filter, match)
  if (!conditions) return undefined
  if (conditions.length === 0 && !by) return {count: readHead(connection).events, groups: []}
  const where = conditions.map(([sql]) => ` AND ${sql}`).join('')
  const parameters = conditions.flatMap(([, ...values]) => values)
  const key = by ? keys[by] : 'NULL'
  const from = `events${hint(filter, by, conditions.length)}`
  const query = `SELECT ${key} AS key, count(*) AS count FROM ${from} WHERE true${where} GROUP BY 1`
  return tallyOf(connection.sql(query).all(...parameters), by)
}

function tallyOf(rows: Array<Record<string, unknown>>, by: Grouping | undefined): Tally | undefined {
  const tally: Tally = {count: 0, groups: []}
  for (const row of rows) {
    const count = Number(row['count'])
    tally.count += count
    const key = by === 'hour' && row['key'] !== null ? hourOf(Number(row['key'])) : row['key']
    if (typeof key !== 'string') continue
    // What UTF-8 cannot hold became U+FFFD in the index, and different values the same.
    if (key.includes('\ufffd')) return undefined
    tally.groups.push({key, count})
  }
  sortGroups(tally.groups, by)
  return tally
}

type Condition = [sql: string, ...parameters: Array<string | number>]

function conditionsOf(connection: Connection, filter: Filter, match: string | undefined): Condition[] | undefined {
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
  if (match !== undefined) conditions.push(['seq IN (SELECT rowid FROM words WHERE words MATCH ?)', match])
  return conditions
}

/** Without statistics SQLite would read the whole log where an index holds all that is asked for. */
function hint(filter: Filter, by: Grouping | undefined, conditions: number): string {
  const {agents = [], types = [], since, until} = filter
  const hasTime = since !== undefined || until !== undefined
  const inIndex = [agents.length > 0, types.length > 0, hasTime].filter(Boolean).length
  if (inIndex < conditions || by === 'session' || by === 'tool') return ''
  const isTimeOnly = inIndex === (hasTime ? 1 : 0) && (by === 'hour' || by === undefined)
  return isTimeOnly ? ' INDEXED BY by_ts' : ' INDEXED BY by_agent_type'
}

function oneOf(column: string, values: readonly string[]): Condition {
  return [`${column} IN (${values.map(() => '?').join(', ')})`, ...values]
}

function isExact(value: string): boolean {
  return value.isWellFormed() && !value.includes('\ufffd')
}
