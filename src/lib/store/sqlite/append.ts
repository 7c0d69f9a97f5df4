import type {ClawEvent} from '../../event/envelope.ts'
import {serialize} from '../../event/shorten.ts'
import {embeddedEventBytes} from '../embedded-limit.ts'
import type {AppendOptions, AppendResult, DifferingEvent} from '../port.ts'
import {bodyDigest, chainLink} from './chain.ts'
import type {Connection} from './connection.ts'
import type {Head} from './head.ts'
import {readHead, writeHead} from './head.ts'
import type {EventKey} from './row.ts'
import {eventKey, searchColumns} from './row.ts'
import type {Writer} from './write.ts'
import {turnMs} from './write.ts'

export interface Appender {
  append(events: readonly ClawEvent[], options?: AppendOptions): Promise<AppendResult>
  /** Resolves when no append is under way. */
  settled(): Promise<void>
}

/** Appends one call after the other. A long call is committed in pieces, so that other writers get their turn. */
export function createAppender(writer: Writer, now: () => number): Appender {
  let last: Promise<unknown> | undefined

  async function appendAll(events: readonly ClawEvent[], compare: boolean): Promise<AppendResult> {
    let next = 0
    let appended = 0
    const differing: DifferingEvent[] = []
    while (next < events.length) {
      const piece = await writer.write((connection) => appendPiece(connection, events, next, {now, compare}))
      next = piece.next
      appended += piece.appended
      differing.push(...piece.differing)
    }
    return {appended, duplicates: events.length - appended, ...(compare && {differing})}
  }

  async function appendAfter(before: Promise<unknown>, ...call: Parameters<typeof appendAll>): Promise<AppendResult> {
    await before.catch(() => undefined)
    return appendAll(...call)
  }

  return {
    append(events, {compare = false} = {}) {
      const result = last ? appendAfter(last, events, compare) : appendAll(events, compare)
      last = result
      const done = () => {
        if (last === result) last = undefined
      }
      result.then(done, done)
      return result
    },
    async settled() {
      while (last) await last.catch(() => undefined)
    },
  }
}

interface PieceOptions {
  now: () => number
  compare: boolean
}

/** Inserts from `start` on until the turn is over; says where to go on and how many were new. */
function appendPiece(
  connection: Connection,
  events: readonly ClawEvent[],
  start: number,
  {now, compare}: PieceOptions,
) {
  const head = readHead(connection)
  const firstSeq = head.seq
  const end = performance.now() + turnMs
  const differing: DifferingEvent[] = []
  let next = start
  while (next < events.length) {
    const known = insert(connection, events[next]!, head, now)
    const stored = known && compare ? differingEvent(connection, known) : undefined
    if (stored) differing.push({index: next, stored})
    next++
    if (performance.now() > end) break
  }
  if (head.seq > firstSeq) writeHead(connection, head)
  return {next, appended: head.seq - firstSeq, differing}
}

/** A duplicate: the key of its id, and the digest of its JSON. */
interface Known {
  key: EventKey
  digest: string
}

/** What the log holds under an id, when that is not the same JSON. */
function differingEvent({sql}: Connection, {key, digest}: Known): ClawEvent | undefined {
  const query = 'SELECT body FROM events WHERE event_id = ? AND digest <> ?'
  const row = sql(query).get(key, Buffer.from(digest, 'hex'))
  return row && JSON.parse(String(row['body']))
}

const insertEvent = `
  INSERT INTO events (seq, event_id, stored_at, digest, chain, body, type, agent, session_key, session_id, run_id, tool, ts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`

/** Inserts one event and moves the head; a duplicate leaves both as they are, and is returned. */
export function insert({sql}: Connection, given: ClawEvent, head: Head, now: () => number): Known | undefined {
  const {json, event} = serialize(given, embeddedEventBytes)
  const seq = head.seq + 1
  // A clock that was set back must not make the log look unsorted.
  const storedAt = Math.max(now(), head.storedAt)
  const digest = bodyDigest(json)
  const chain = chainLink(head.chain, digest, seq, storedAt, event.eventId)
  const key = eventKey(event.eventId)
  const {changes} = sql(insertEvent).run(
    seq,
    key,
    storedAt,
    Buffer.from(digest, 'hex'),
    Buffer.from(chain, 'hex'),
    json,
    ...searchColumns(event),
  )
  if (changes === 0) return {key, digest}
  head.seq = seq
  head.storedAt = storedAt
  head.chain = chain
  head.events++
  head.bytes += Buffer.byteLength(json)
  return undefined
}
