import type {Filter} from '../../filter/filter.ts'
import type {Bounds} from './bounds.ts'
import type {Connection} from './connection.ts'
import type {LogFile} from './log-file.ts'
import type {Place} from './places.ts'
import {agentTypePlaces, runPlaces, sessionPlaces, textPlace, timeCondition, toolPlaces} from './places.ts'

/**
 * How the candidates of a read are found. Each is then judged by the filter itself, so a path only has to hold all
 * matching events; `isTextDone` says that it holds none that the text query would refuse.
 */
export type Path =
  | {kind: 'scan'; isTextDone: false}
  | {kind: 'places'; places: Place[]; isTextDone: boolean}
  | {kind: 'seqs'; seqs: number[]; isTextDone: false}

/** A part of the log so short that looking at each event is quicker than choosing an index. */
const fewEvents = 500
/** Where fewer candidates are left than this, looking for a shorter way takes longer than reading them. */
const fewCandidates = 1000
/** Candidates are counted up to here; more is "many". */
const manyCandidates = 10_000

const scan: Path = {kind: 'scan', isTextDone: false}

/**
 * The shortest way to the candidates: the index under which the fewest lie, counted with a limit. SQLite's own planner
 * would have to guess, and to sort where we can merge.
 *
 * @param findText brings the text index up to date and gives its query; undefined when it cannot be used
 */
export async function choosePath(
  file: LogFile,
  filter: Filter,
  bounds: Bounds,
  findText: () => Promise<string | undefined>,
): Promise<Path> {
  if (bounds.high - bounds.low <= fewEvents) return scan
  const connection = file.reader()
  let best: {path: Path; size: number} = {path: scan, size: manyCandidates}

  function consider(places: Place[] | undefined, isTextDone = false): void {
    if (!places || (best.path.kind !== 'scan' && best.size <= fewCandidates)) return
    const size = sizeOf(file.reader(), places, bounds, best.size)
    const isNoLonger = isTextDone ? size <= best.size : size < best.size
    if (isNoLonger || best.path.kind === 'scan') best = {path: {kind: 'places', places, isTextDone}, size}
  }

  consider(runPlaces(filter))
  consider(sessionPlaces(filter))
  consider(toolPlaces(connection, filter))
  if (filter.agents?.length || filter.types?.length) consider(agentTypePlaces(connection, filter))
  if (filter.since !== undefined || filter.until !== undefined) {
    const seqs = best.size > fewCandidates ? seqsByTime(connection, filter, bounds, best.size) : undefined
    if (seqs) best = {path: {kind: 'seqs', seqs, isTextDone: false}, size: seqs.length}
    // All agents and types: an index that is in log order and knows the time, and much smaller than the log.
    else if (best.path.kind === 'scan') consider(agentTypePlaces(connection, filter))
  }
  if (filter.text && best.size > fewCandidates) {
    const match = await findText()
    if (match !== undefined) consider([textPlace(match)], true)
  }
  return best.path
}

/** How many candidates lie at the places; counting ends at `limit`. */
function sizeOf({sql}: Connection, places: readonly Place[], {low, high}: Bounds, limit: number): number {
  let size = 0
  for (const {from, seq, parameters} of places) {
    const query = `SELECT count(*) AS size FROM (SELECT 1 FROM ${from} AND ${seq} > ? AND ${seq} <= ? LIMIT ?)`
    size += Number(sql(query).get(...parameters, low, high, limit - size)?.['size'])
    if (size >= limit) break
  }
  return size
}

/** The sequence numbers of a time range, sorted as read; undefined when there are `limit` or more. */
function seqsByTime({sql}: Connection, filter: Filter, bounds: Bounds, limit: number): number[] | undefined {
  const [timeWhere, timeParameters] = timeCondition(filter)
  const query = `SELECT seq FROM events INDEXED BY by_ts WHERE seq > ? AND seq <= ?${timeWhere} LIMIT ?`
  const rows = sql(query).all(bounds.low, bounds.high, ...timeParameters, limit)
  if (rows.length >= limit) return undefined
  const seqs = rows.map((row) => Number(row['seq']))
  return seqs.sort(bounds.isDescending ? (a, b) => b - a : (a, b) => a - b)
}
