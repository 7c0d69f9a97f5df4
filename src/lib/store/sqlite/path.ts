import type {Filter} from '../../filter/filter.ts'
import type {Bounds} from './bounds.ts'
import {allOf, anyOf} from './combine.ts'
import type {Connection} from './connection.ts'
import type {LogFile} from './log-file.ts'
import type {Place} from './places.ts'
import {agentTypePlaces, runPlaces, sessionPlaces, textPlace, timeCondition, toolPlaces} from './places.ts'
import type {Seqs} from './seqs.ts'
import {knownSeqs, seqsAt} from './seqs.ts'

/**
 * How the candidates of a read are found. Each is then judged by the filter itself, so a path only has to lead to all
 * matching events; `isTextDone` says that it leads to none that the text query would refuse. No `seqs`: to all events.
 */
export interface Path {
  seqs?: Seqs
  isTextDone: boolean
}

/** A part of the log so short that looking at each event is quicker than choosing an index. */
const fewEvents = 500
/** So few candidates are read at once; finding which of them other indexes hold, too, would take longer. */
const fewCandidates = 500
/** A time range of up to so many events is sorted into log order; of a longer one only the ends are looked for. */
const mostSorted = 5000
const mostInRange = 200_000

/**
 * The shortest way to the candidates. Where some index leads to a few, that one alone; otherwise the events that all
 * indexes have in common. SQLite's own planner would have to guess, to sort, and to read the events.
 *
 * @param findText brings the text index up to date and gives its query; undefined when it cannot be used
 */
export async function choosePath(
  file: LogFile,
  filter: Filter,
  range: Bounds,
  findText: () => Promise<string | undefined>,
): Promise<Path> {
  if (range.high - range.low <= fewEvents) return {isTextDone: false}
  const connection = file.reader()
  const many: Place[][] = []
  for (const find of [runPlaces, sessionPlaces, toolPlaces, agentTypePlaces]) {
    const places = find(connection, filter)
    if (!places) continue
    if (isFew(connection, places, range)) return {seqs: seqsOf(file, places, range), isTextDone: false}
    many.push(places)
  }
  const inTime = seqsByTime(connection, filter, range)
  if (inTime) return {seqs: knownSeqs(inTime, range), isTextDone: false}
  const bounds = narrowByTime(connection, filter, range)
  const match = filter.text ? await findText() : undefined
  if (match !== undefined) many.push([textPlace(match)])
  if (many.length === 0) return {isTextDone: false}
  return {seqs: allOf(many.map((places) => seqsOf(file, places, bounds))), isTextDone: match !== undefined}
}

function seqsOf(file: LogFile, places: readonly Place[], bounds: Bounds): Seqs {
  return anyOf(
    places.map((place) => seqsAt(file, place, bounds)),
    bounds,
  )
}

function isFew({sql}: Connection, places: readonly Place[], {low, high}: Bounds): boolean {
  let size = 0
  for (const {from, seq, parameters} of places) {
    const query = `SELECT count(*) AS size FROM (SELECT 1 FROM ${from} AND ${seq} > ? AND ${seq} <= ? LIMIT ?)`
    size += Number(sql(query).get(...parameters, low, high, fewCandidates + 1 - size)?.['size'])
    if (size > fewCandidates) return false
  }
  return true
}

/** The sequence numbers of a time range, sorted as read; undefined without a time, and when there are many. */
function seqsByTime(connection: Connection, filter: Filter, bounds: Bounds): number[] | undefined {
  const rows = rangeOf(connection, 'SELECT seq', filter, bounds, mostSorted)
  if (!rows || rows.length >= mostSorted) return undefined
  const seqs = rows.map((row) => Number(row['seq']))
  return seqs.sort(bounds.isDescending ? (a, b) => b - a : (a, b) => a - b)
}

/**
 * The part of the log in which a time range lies: logs are nearly in the order of time, imported ones less so. With an
 * agent or a type the index is quick without it.
 */
function narrowByTime(connection: Connection, filter: Filter, bounds: Bounds): Bounds {
  if (filter.agents?.length || filter.types?.length) return bounds
  const columns = 'SELECT count(*) AS events, min(seq) AS first, max(seq) AS last'
  const found = rangeOf(connection, columns, filter, bounds, mostInRange)?.[0]
  if (!found || Number(found['events']) >= mostInRange) return bounds
  return {...bounds, low: Number(found['first']) - 1, high: Number(found['last'])}
}

/** Asks the time index about at most `limit` events of the filter's time; undefined when it has none. */
function rangeOf({sql}: Connection, select: string, filter: Filter, {low, high}: Bounds, limit: number) {
  const [timeWhere, parameters] = timeCondition(filter)
  if (!timeWhere) return undefined
  const range = `SELECT seq FROM events INDEXED BY by_ts WHERE seq > ? AND seq <= ?${timeWhere} LIMIT ?`
  return sql(`${select} FROM (${range})`).all(low, high, ...parameters, limit)
}
