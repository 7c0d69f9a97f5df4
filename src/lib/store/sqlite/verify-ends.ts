import type {VerifyFault} from '../port.ts'
import type {Connection} from './connection.ts'
import {countErased} from './erased.ts'
import {logRow} from './head.ts'
import {changed, missing} from './verify-faults.ts'

/** What the one row of `log` says. */
export interface Ends {
  /** The last event that was pruned, and its link. */
  seq: number
  link: string
  /** The newest event, its link and when it was stored. */
  lastSeq: number
  lastLink: string
  lastStoredAt: number
  events: number
  bytes: number
}

/** What was found while walking over it. */
export interface Held {
  events: number
  bytes: number
  erased: number
  /** Of the last event that is there. */
  lastStoredAt: number | undefined
}

export function endsOf(connection: Connection): Ends {
  const row = logRow(
    connection,
    'pruned_seq, hex(pruned_chain) AS anchor, last_seq, hex(chain) AS chain, last_stored_at, events, bytes',
  )
  return {
    seq: Number(row['pruned_seq']),
    link: String(row['anchor']).toLowerCase(),
    lastSeq: Number(row['last_seq']),
    lastLink: String(row['chain']).toLowerCase(),
    lastStoredAt: Number(row['last_stored_at']),
    events: Number(row['events']),
    bytes: Number(row['bytes']),
  }
}

export function judgeEnd(
  connection: Connection,
  seq: number,
  links: ReadonlySet<string>,
  {lastSeq, lastLink}: Ends,
): VerifyFault[] {
  if (seq < lastSeq) return endsOf(connection).seq >= lastSeq ? [] : [missing(seq + 1, lastSeq)]
  if (seq > lastSeq) return [changed(lastSeq, 'the log says that it was pruned beyond its last event')]
  const isEndKnown = links.size === 0 || links.has(lastLink)
  return isEndKnown ? [] : [changed(lastSeq, 'the log remembers another event as its last')]
}

/** Events outside of what the log has ever taken in, or still holds. */
export function strays({sql}: Connection): VerifyFault[] {
  const query = `
    SELECT seq FROM events WHERE seq <= (SELECT pruned_seq FROM log)
    UNION ALL SELECT seq FROM events WHERE seq > (SELECT last_seq FROM log) LIMIT 10`
  return sql(query)
    .all()
    .map(({seq}) => changed(Number(seq), 'the log never took in this event, or has pruned it'))
}

/** Whether the log's own counts are those of the events in it. */
export function judgeCounts(connection: Connection, held: Held, start: Ends): VerifyFault[] {
  if (held.lastStoredAt !== undefined && held.lastStoredAt !== start.lastStoredAt) {
    return [changed(start.lastSeq, 'the log remembers another time for its last event')]
  }
  const now = endsOf(connection)
  // What was erased meanwhile cannot be told from outside; pruned and erased events are counted anew in one moment.
  const isQuiet = now.seq === start.seq && countErased(connection, start.seq, start.lastSeq) === held.erased
  const counted = isQuiet ? {...held, log: start} : recount(connection)
  const {events, bytes, log} = counted
  if (log.events === events && log.bytes === bytes) return []
  const message = `the log counts ${log.events} events of ${log.bytes} bytes, and holds ${events} of ${bytes}`
  return [{...changed(start.lastSeq, message), kind: log.events > events ? 'missing' : 'changed'}]
}

function recount({sql}: Connection): {events: number; bytes: number; log: {events: number; bytes: number}} {
  const row = sql(`
    SELECT count(*) AS events, total(octet_length(body)) AS bytes,
      (SELECT events FROM log) AS log_events, (SELECT bytes FROM log) AS log_bytes
    FROM events`).get()
  return {
    events: Number(row?.['events']),
    bytes: Number(row?.['bytes']),
    log: {events: Number(row?.['log_events']), bytes: Number(row?.['log_bytes'])},
  }
}
