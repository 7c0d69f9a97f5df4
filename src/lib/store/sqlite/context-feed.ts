import {setImmediate} from 'node:timers/promises'
import type {ClawEvent} from '../../event/envelope.ts'
import type {CatchUpOptions, IndexedPassage, ReadForIndex, Reading} from '../context-index.ts'
import type {Connection} from './connection.ts'
import {appendPostings} from './context-postings.ts'
import {dropContextTables, isContextOf, makeContextTables, otherEdition, readContextState} from './context-tables.ts'
import {trimContext} from './context-trim.ts'
import {lastSeq} from './head.ts'
import type {LogFile} from './log-file.ts'
import type {Posting} from './postings.ts'
import type {Writer} from './write.ts'
import {turnMs} from './write.ts'

/** Brings the context index up to the newest event of the moment of the call, in pieces as short as an append's. */
export async function catchUpContext(
  file: LogFile,
  writer: Writer,
  read: ReadForIndex,
  {signal, pieceMs = turnMs, onProgress}: CatchUpOptions,
): Promise<void> {
  const goal = lastSeq(file.reader())
  const {edition = 0} = read
  if (!isContextOf(file.reader(), edition)) await writer.write((connection) => makeAnew(connection, edition))
  await trimContext(file, writer)
  let done = readContextState(file.reader())?.lastSeq ?? 0
  while (done < goal) {
    signal?.throwIfAborted()
    done = await writer.write((connection) => feedPiece(connection, read, pieceMs))
    onProgress?.(done)
    // A lock that is free is taken at once, so without it no signal would be heard.
    await setImmediate()
  }
}

function makeAnew(connection: Connection, edition: number): void {
  // Another process may have done it meanwhile.
  if (isContextOf(connection, edition)) return
  dropContextTables(connection)
  makeContextTables(connection, edition)
}

/** Half of the time goes into reading events, the other half into writing down where their terms are. */
function feedPiece(connection: Connection, read: ReadForIndex, pieceMs: number): number {
  const {sql} = connection
  // What this one may read, the other may not want to have.
  if (!isContextOf(connection, read.edition ?? 0)) throw otherEdition()
  const end = performance.now() + pieceMs / 2
  const feeds = new Map<string, AgentFeed>()
  let done = readContextState(connection)?.lastSeq ?? 0
  for (const {seq, body} of sql('SELECT seq, body FROM events WHERE seq > ? ORDER BY seq').iterate(done)) {
    done = Number(seq)
    const reading = readBody(String(body), read)
    if (reading) feedOf(connection, feeds, reading.agentId).add(done, reading)
    if (performance.now() > end) break
  }
  for (const feed of feeds.values()) feed.finish()
  sql('UPDATE context_state SET last_seq = ?').run(done)
  return done
}

function readBody(body: string, read: ReadForIndex): Reading | undefined {
  try {
    return read(JSON.parse(body) as ClawEvent)
  } catch (thrown) {
    // Somebody changed the body: `verify` names it. One such event must not keep the others out of the index.
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

interface AgentFeed {
  add(seq: number, reading: Reading): void
  finish(): void
}

function feedOf(connection: Connection, feeds: Map<string, AgentFeed>, agentId: string): AgentFeed {
  const feed = feeds.get(agentId) ?? createAgentFeed(connection, agentId)
  feeds.set(agentId, feed)
  return feed
}

/** Takes in passages of one agent; their terms are written together at the end. */
function createAgentFeed(connection: Connection, agentId: string): AgentFeed {
  const {sql} = connection
  sql('INSERT OR IGNORE INTO context_agents (agent, next_number, passages, retired, words) VALUES (?, 0, 0, 0, 0)').run(
    agentId,
  )
  const row = sql('SELECT id, next_number FROM context_agents WHERE agent = ?').get(agentId)!
  const agent = Number(row['id'])
  const firstNumber = Number(row['next_number'])
  let nextNumber = firstNumber
  let words = 0
  const postings = new Map<string, Posting[]>()

  return {
    add(seq, {passage, retires}) {
      for (const eventId of retires) retire(connection, agent, eventId)
      if (!passage) return
      const number = nextNumber++
      words += passage.words
      insertPassage(connection, {agent, number, seq}, passage)
      for (const [term, count] of passage.terms) {
        const list = postings.get(term) ?? []
        list.push({number, count, words: passage.words})
        postings.set(term, list)
      }
    },
    finish() {
      sql('UPDATE context_agents SET next_number = ?, passages = passages + ?, words = words + ? WHERE id = ?').run(
        nextNumber,
        nextNumber - firstNumber,
        words,
        agent,
      )
      for (const [term, list] of postings) appendPostings(connection, agent, term, list)
    },
  }
}

function retire({sql}: Pick<Connection, 'sql'>, agent: number, eventId: string): void {
  sql('INSERT OR IGNORE INTO context_retired VALUES (?, ?)').run(agent, eventId)
  const update = sql('UPDATE context_passages SET retired = 1 WHERE agent = ? AND event_id = ? AND retired = 0')
  countRetired({sql}, agent, Number(update.run(agent, eventId).changes))
}

function countRetired({sql}: Pick<Connection, 'sql'>, agent: number, count: number): void {
  if (count > 0) sql('UPDATE context_agents SET retired = retired + ? WHERE id = ?').run(count, agent)
}

interface Place {
  agent: number
  number: number
  seq: number
}

function insertPassage(connection: Connection, {agent, number, seq}: Place, passage: IndexedPassage): void {
  const {sql} = connection
  const {eventId, session, thread, timeMs, kind, speaker, isQuestion, mentionsTime, part, target, words} = passage
  const isRetired =
    sql('SELECT 1 FROM context_retired WHERE agent = ? AND event_id = ?').get(agent, eventId) !== undefined ||
    (part !== '' && !becomesNewest(connection, agent, passage))
  sql('INSERT INTO context_passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
    agent,
    number,
    seq,
    eventId,
    session,
    thread,
    timeMs,
    kind,
    speaker,
    Number(isQuestion),
    Number(mentionsTime),
    part,
    target,
    words,
    Number(isRetired),
  )
  countRetired(connection, agent, Number(isRetired))
  for (const name of speaker.split(' ')) {
    if (name !== '') sql('INSERT OR IGNORE INTO context_speakers VALUES (?, ?)').run(agent, name)
  }
}

/** Whether a piece of a streamed message is the newest that came so far; older ones are retired then. */
function becomesNewest(connection: Connection, agent: number, passage: IndexedPassage): boolean {
  const {sql} = connection
  const {part, timeMs, words, eventId} = passage
  const samePart = `agent = ? AND part = ? AND part <> ''`
  const newer = sql(`SELECT 1 FROM context_passages WHERE ${samePart} AND (ts, words, event_id) > (?, ?, ?)`)
  if (newer.get(agent, part, timeMs, words, eventId)) return false
  const update = sql(`UPDATE context_passages SET retired = 1 WHERE ${samePart} AND retired = 0`)
  countRetired(connection, agent, Number(update.run(agent, part).changes))
  return true
}
