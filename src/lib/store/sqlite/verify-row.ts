import type {ClawEvent} from '../../event/envelope.ts'
import {bodyDigest, chainLink} from './chain.ts'
import type {Connection} from './connection.ts'
import {hasErased} from './erased.ts'
import {eventIdOf, eventKey, searchColumns} from './row.ts'

export interface ChainedRow {
  seq: number
  eventId: string
  /** What is indexed, as one text, to be compared with what the body says. */
  columns: string
  storedAt: number
  digest: string
  chain: string
  /** Undefined: erased, only what the chain is over is left. */
  body: string | undefined
}

export interface Verdict {
  /** What is wrong; undefined for a row that is as it was stored. */
  fault: string | undefined
  /** Its content is whole, but does not follow the event before it. */
  isOutOfPlace: boolean
  /** The links that the next row may follow. */
  links: Set<string>
}

const pieceRows = 500
const pieceLength = 2 ** 20

const places = 'seq > ?1 AND seq <= ?2'
const searched = 'type, agent, session_key, session_id, run_id, tool, ts'
const events = `
  SELECT seq, event_id, stored_at, hex(digest) AS digest, hex(chain) AS chain, false AS erased, body, ${searched}
  FROM events WHERE ${places}`
const erased = `
  SELECT seq, event_id, stored_at, hex(digest), hex(chain), true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM erased WHERE ${places}`

/** The next rows after `after`: some hundreds, or fewer when they are large. An erased event has its row, too. */
export function chainedRows(connection: Connection, after: number, last: number): ChainedRow[] {
  const query = `${hasErased(connection) ? `${events} UNION ALL ${erased}` : events} ORDER BY seq LIMIT ?3`
  const rows: ChainedRow[] = []
  let length = 0
  for (const row of connection.sql(query).iterate(after, last, pieceRows)) {
    const {event_id: key, type, agent, session_key, session_id, run_id, tool, ts} = row
    const body = row['erased'] === 1 ? undefined : String(row['body'])
    rows.push({
      seq: Number(row['seq']),
      eventId: eventIdOf(key),
      columns: columnsText(key, [type, agent, session_key, session_id, run_id, tool, ts]),
      storedAt: Number(row['stored_at']),
      digest: String(row['digest']).toLowerCase(),
      chain: String(row['chain']).toLowerCase(),
      body,
    })
    length += body?.length ?? 0
    if (length > pieceLength) break
  }
  return rows
}

/** Judges a row by itself and by the links it may follow; no links: what came before it is not known. */
export function judgeRow(row: ChainedRow, links: ReadonlySet<string>): Verdict {
  const follows = links.size === 0 || trueLinks(row, row.seq, links).has(row.chain)
  const own = ownFault(row)
  return {
    fault: own ?? (follows ? undefined : 'this event, or the one before it, is not the one that was stored here'),
    isOutOfPlace: own === undefined && !follows,
    links: follows ? new Set([row.chain]) : new Set([row.chain, ...trueLinks(row, row.seq, links)]),
  }
}

/** The links that an event would have at a place, after each of the given ones. */
export function trueLinks(row: ChainedRow, seq: number, links: ReadonlySet<string>): Set<string> {
  return new Set([...links].map((link) => chainLink(link, row.digest, seq, row.storedAt, row.eventId)))
}

function ownFault({body, digest, columns}: ChainedRow): string | undefined {
  if (body === undefined) return undefined
  if (bodyDigest(body) !== digest) return 'the content of this event is not what was stored'
  const event = eventIn(body)
  if (event === undefined) return 'the content of this event is no JSON'
  return columnsText(eventKey(event.eventId), searchColumns(event)) === columns
    ? undefined
    : 'what this event is searched by is not what its content says'
}

/** Undefined for what cannot be an event: somebody put it there, with a digest of it. */
export function eventIn(body: string): ClawEvent | undefined {
  try {
    const event: ClawEvent | null = JSON.parse(body)
    return typeof event?.eventId === 'string' ? event : undefined
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

function columnsText(key: unknown, columns: readonly unknown[]): string {
  const id = key instanceof Uint8Array ? Buffer.from(key).toString('hex') : {text: key}
  // SQLite keeps well-formed text only.
  return JSON.stringify([id, ...columns], (_, value) => (typeof value === 'string' ? value.toWellFormed() : value))
}
