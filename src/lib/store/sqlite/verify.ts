import {setImmediate} from 'node:timers/promises'
import {ClawError} from '../../errors.ts'
import type {VerifyResult} from '../port.ts'
import type {Connection} from './connection.ts'
import {logRow} from './head.ts'
import type {LogFile} from './log-file.ts'
import {positionOf} from './position.ts'
import type {ChainedRow} from './verify-row.ts'
import {chainedRows, judgeRow, trueLinks} from './verify-row.ts'

type Fault = VerifyResult['faults'][number]

/** After so many faults the log is not worth a longer list. */
const mostFaults = 100
/** Looking for where an event went reads the whole log, so it is done for the first faults only. */
const mostSearches = 5

/**
 * Walks the hash chain from where the log begins to its head: every event that is missing, changed or at another's
 * place is named. Memory stays constant; others may append and prune meanwhile. What it cannot see: somebody who could
 * write the file and computed all of the chain anew.
 */
export async function verifyLog(file: LogFile): Promise<VerifyResult> {
  const start = anchorOf(file.reader())
  const faults: Fault[] = []
  let seq = start.seq
  // After a fault it is open which link was the true one: the next event may follow any of these.
  let links = new Set([start.link])
  let events = 0
  let searches = 0
  for await (const row of walk(file, start.seq, start.lastSeq)) {
    if (faults.length >= mostFaults) break
    events++
    if (row.seq > seq + 1) {
      const anchor = anchorOf(file.reader())
      if (anchor.seq < row.seq - 1) faults.push(missing(seq + 1, row.seq - 1))
      links = new Set(anchor.seq === row.seq - 1 ? [anchor.link] : [])
    }
    seq = row.seq
    const verdict = judgeRow(row, links)
    const before = links
    links = verdict.links
    if (verdict.fault === undefined) continue
    const mayHaveMoved = verdict.isOutOfPlace && searches++ < mostSearches
    const moved = mayHaveMoved ? await findMoved(file, row, before, start) : undefined
    faults.push(moved ? swapped(row.seq, moved.seq) : changed(row.seq, verdict.fault))
    if (moved) links = trueLinks(moved, row.seq, before)
  }
  if (faults.length < mostFaults) faults.push(...judgeEnd(file.reader(), seq, links, start), ...strays(file.reader()))
  if (faults.length === 0) checkStructure(file.reader(), file.path)
  return {ok: faults.length === 0, chained: true, events, faults}
}

interface Ends {
  /** The last event that was pruned, and its link. */
  seq: number
  link: string
  /** The newest event, and its link. */
  lastSeq: number
  lastLink: string
}

function anchorOf(connection: Connection): Ends {
  const row = logRow(connection, 'pruned_seq, hex(pruned_chain) AS anchor, last_seq, hex(chain) AS chain')
  return {
    seq: Number(row['pruned_seq']),
    link: String(row['anchor']).toLowerCase(),
    lastSeq: Number(row['last_seq']),
    lastLink: String(row['chain']).toLowerCase(),
  }
}

/** All rows of a range, in pieces: a transaction open for minutes would make the -wal file grow. */
async function* walk(file: LogFile, after: number, last: number): AsyncGenerator<ChainedRow> {
  for (let seq = after; seq < last; ) {
    const rows = chainedRows(file.reader(), seq, last)
    if (rows.length === 0) return
    yield* rows
    seq = rows.at(-1)!.seq
    await setImmediate()
  }
}

/** The event whose content belongs where `row` is: with its own link, or with the one that was left in the place. */
async function findMoved(file: LogFile, row: ChainedRow, links: ReadonlySet<string>, {seq, lastSeq}: Ends) {
  for await (const other of walk(file, seq, lastSeq)) {
    if (other.seq === row.seq) continue
    const fitting = trueLinks(other, row.seq, links)
    if (fitting.has(other.chain) || fitting.has(row.chain)) return other
  }
  return undefined
}

function judgeEnd(connection: Connection, seq: number, links: ReadonlySet<string>, {lastSeq, lastLink}: Ends): Fault[] {
  if (seq < lastSeq) return anchorOf(connection).seq >= lastSeq ? [] : [missing(seq + 1, lastSeq)]
  const isEndKnown = links.size === 0 || links.has(lastLink)
  return isEndKnown ? [] : [changed(lastSeq, 'the log remembers another event as its last')]
}

/** Events outside of what the log has ever taken in, or still holds. */
function strays({sql}: Connection): Fault[] {
  const query = `
    SELECT seq FROM events WHERE seq <= (SELECT pruned_seq FROM log)
    UNION ALL SELECT seq FROM events WHERE seq > (SELECT last_seq FROM log) LIMIT 10`
  return sql(query)
    .all()
    .map(({seq}) => changed(Number(seq), 'the log never took in this event, or has pruned it'))
}

/** Damage that no event shows: an index without an entry hides an event from queries. */
function checkStructure({sql}: Connection, path: string): void {
  const [first] = sql('PRAGMA integrity_check(1)').all()
  const finding = first?.['integrity_check']
  if (finding === 'ok') return
  throw new ClawError('STORE_CORRUPT', `all events of ${path} are whole, but the file is damaged: ${finding}`, {
    suggestions: ['`claw-events replay --to sqlite:NEW` copies the events into a new log'],
  })
}

function missing(first: number, last: number): Fault {
  const message =
    first === last ? 'this event is missing' : `${last - first + 1} events are missing, up to ${positionOf(last)}`
  return {position: positionOf(first), kind: 'missing', message}
}

function changed(seq: number, message: string): Fault {
  return {position: positionOf(seq), kind: 'changed', message}
}

function swapped(seq: number, other: number): Fault {
  return {
    position: positionOf(seq),
    kind: 'swapped',
    message: `the event that belongs here is found at ${positionOf(other)}`,
  }
}
