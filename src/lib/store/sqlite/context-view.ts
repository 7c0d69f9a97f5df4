import type {SQLOutputValue} from 'node:sqlite'
import type {ClawEvent} from '../../event/envelope.ts'
import type {ContextView, LatestQuery, PassageKind, StoredPassage, TimeSpan} from '../context-index.ts'
import type {Connection} from './connection.ts'
import {decodePostings} from './postings.ts'
import {eventKey} from './row.ts'

type Row = Record<string, SQLOutputValue>

/** All of them in the index by thread, whose passages are of one session and of no tool. */
const columnsInThread = 'number, seq, event_id, ts, kind, speaker, is_question, mentions_time, words'
const columns = `${columnsInThread}, session, thread, target`
/** As `memory` orders them: by time, then the longer last, then by id. */
const byTime = 'ts, words, event_id'
const byTimeDown = 'ts DESC, words DESC, event_id DESC'

/** The passages of one agent in the index; an agent that is not in it has none. */
export function contextView(connection: Connection, agentId: string): ContextView {
  const {sql} = connection
  const row = sql('SELECT id, next_number, passages, retired, words FROM context_agents WHERE agent = ?').get(agentId)
  const agent = Number(row?.['id'] ?? 0)
  const passages = Number(row?.['passages'] ?? 0)
  const live = 'FROM context_passages WHERE agent = ? AND retired = 0'
  const inThread = `SELECT ${columnsInThread} ${live} AND thread = ? AND (${byTime})`
  // Looked up once a view: these are asked hundreds of times.
  const before = sql(`${inThread} < (?, ?, ?) ORDER BY ${byTimeDown} LIMIT ?`)
  const after = sql(`${inThread} > (?, ?, ?) ORDER BY ${byTime} LIMIT ?`)
  const entry = sql(`SELECT ${columns} ${live} AND number = ?`)
  const termRow = sql('SELECT passages FROM context_terms WHERE agent = ? AND term = ?')
  const seqRow = sql('SELECT seq FROM context_passages WHERE agent = ? AND number = ?')
  const body = sql('SELECT body FROM events WHERE seq = ?')
  /** Of the passages that were read: most often their events are wanted next. */
  const seqs = new Map<number, number>()

  function passageOf(row: Row): StoredPassage {
    const passage = storedPassage(row)
    seqs.set(passage.number, Number(row['seq']))
    return passage
  }

  function eventOf(number: number): Row | undefined {
    const seq = seqs.get(number) ?? seqRow.get(agent, number)?.['seq']
    return seq === undefined ? undefined : body.get(seq)
  }

  function frequency(term: string): number {
    return Number(termRow.get(agent, term)?.['passages'] ?? 0)
  }

  function upTo(span: TimeSpan, untilMs: number): TimeSpan {
    if (untilMs >= span.lastMs) return span
    const later = sql(`SELECT count(*) AS events ${live} AND ts > ?`).get(agent, untilMs)
    const last = sql(`SELECT max(ts) AS last ${live} AND ts <= ?`).get(agent, untilMs)
    return {...span, events: span.events - Number(later?.['events']), lastMs: Number(last?.['last'])}
  }

  function latestOfKind(kind: PassageKind, {sinceMs, untilMs, limit}: LatestQuery): StoredPassage[] {
    return sql(`SELECT ${columns} ${live} AND kind = ? AND ts BETWEEN ? AND ? ORDER BY ${byTimeDown} LIMIT ?`)
      .all(agent, kind, sinceMs, untilMs, limit)
      .map(passageOf)
  }

  return {
    passages,
    words: Number(row?.['words'] ?? 0),
    numberLimit: Number(row?.['next_number'] ?? 0),
    frequency,
    postings(term) {
      const blocks = sql('SELECT data FROM context_postings WHERE agent = ? AND term = ? ORDER BY block').all(
        agent,
        term,
      )
      if (blocks.length === 0) return undefined
      return decodePostings(blocks.map(({data}) => (data instanceof Uint8Array ? data : new Uint8Array())))
    },
    entries(numbers) {
      return numbers.flatMap((number) => {
        const found = entry.get(agent, number)
        return found ? passageOf(found) : []
      })
    },
    around({session, thread, timeMs, words, eventId}, distance) {
      if (thread === '') return {before: [], after: []}
      const place = [agent, thread, timeMs, words, eventId, distance] as const
      const near = (found: Row) => passageOf({...found, session, thread, target: ''})
      return {before: before.all(...place).map(near), after: after.all(...place).map(near)}
    },
    latest(query) {
      const found = query.kinds.flatMap((kind) => latestOfKind(kind, query))
      return found.sort(newestFirst).slice(0, query.limit)
    },
    newestSuccess(target) {
      const found = sql(`SELECT ${columns} ${live} AND kind = 'tool' AND target = ? ORDER BY ts DESC LIMIT 1`)
      const newest = found.get(agent, target)
      return newest && passageOf(newest)
    },
    span(sinceMs, untilMs) {
      const ends = sql(`SELECT (SELECT min(ts) ${live}) AS first, (SELECT max(ts) ${live}) AS last`).get(agent, agent)
      if (ends?.['first'] === null) return undefined
      const [firstMs, lastMs] = [Number(ends?.['first']), Number(ends?.['last'])]
      const all = {events: passages - Number(row?.['retired'] ?? 0), firstMs, lastMs}
      // Counting them one by one would cost more than all the rest; what is in the future is next to nothing.
      if (sinceMs <= firstMs && untilMs >= firstMs) return upTo(all, untilMs)
      const within = sql(`SELECT count(*) AS events, min(ts) AS first, max(ts) AS last ${live} AND ts BETWEEN ? AND ?`)
      const {events, first, last} = within.get(agent, sinceMs, untilMs)!
      const span = {events: Number(events), firstMs: Number(first), lastMs: Number(last)}
      return span.events === 0 ? undefined : span
    },
    sessionStart(session) {
      const first = sql(`SELECT min(ts) AS first ${live} AND session = ?`).get(agent, session)?.['first']
      return typeof first === 'number' ? first : undefined
    },
    speakers: () =>
      sql('SELECT name FROM context_speakers WHERE agent = ? ORDER BY name')
        .all(agent)
        .map(({name}) => String(name)),
    events: (numbers) => new Map(numbers.flatMap((number) => pairOf(number, eventOf(number)))),
    eventsById(eventIds) {
      const one = sql('SELECT body FROM events WHERE event_id = ?')
      return new Map(eventIds.flatMap((eventId) => pairOf(eventId, one.get(eventKey(eventId)))))
    },
  }
}

function storedPassage(row: Row): StoredPassage {
  return {
    number: Number(row['number']),
    eventId: String(row['event_id']),
    session: String(row['session']),
    thread: String(row['thread']),
    timeMs: Number(row['ts']),
    kind: String(row['kind']) as PassageKind,
    speaker: String(row['speaker']),
    isQuestion: row['is_question'] === 1,
    mentionsTime: row['mentions_time'] === 1,
    target: String(row['target']),
    words: Number(row['words']),
  }
}

function newestFirst(a: StoredPassage, b: StoredPassage): number {
  return b.timeMs - a.timeMs || b.words - a.words || (a.eventId > b.eventId ? -1 : 1)
}

function pairOf<Key>(key: Key, row: Row | undefined): Array<[Key, ClawEvent]> {
  return row ? [[key, JSON.parse(String(row['body'])) as ClawEvent]] : []
}
