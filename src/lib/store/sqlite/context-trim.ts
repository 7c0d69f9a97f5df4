import type {Connection} from './connection.ts'
import {contextVersion, dropContextTables, readContextState} from './context-tables.ts'
import type {LogFile} from './log-file.ts'
import {decodePostings, encodePostings} from './postings.ts'
import type {Writer} from './write.ts'
import {turnMs} from './write.ts'

/**
 * Takes out of the index what was pruned from the log, in pieces as short as an append's: pruned events are the oldest,
 * so theirs are the lowest numbers. Cut off in the middle, it begins again and finds less to do.
 */
export async function trimContext(file: LogFile, writer: Writer): Promise<void> {
  const pruned = prunedSeq(file.reader())
  const state = readContextState(file.reader())
  if (!state || state.prunedSeq === pruned) return
  if (state.version !== contextVersion) return writer.write(dropContextTables)
  for (const agent of agentsOf(file.reader())) {
    const firstLive = firstLiveNumber(file.reader(), agent, pruned)
    let term: string | undefined = ''
    while (term !== undefined) {
      const after: string = term
      term = await writer.write((connection) => trimTerms(connection, {agent, firstLive, after}))
    }
    while (await writer.write((connection) => removePassages(connection, agent, firstLive)));
    await writer.write((connection) => listSpeakers(connection, agent))
  }
  await writer.write(({db, sql}) => {
    db.exec(ofNobody)
    sql('UPDATE context_state SET pruned_seq = ?, last_seq = max(last_seq, ?)').run(pruned, pruned)
  })
}

/** An agent of whom nothing is left leaves not even a name. */
const ofNobody = `
DELETE FROM context_agents WHERE passages = 0;
DELETE FROM context_speakers WHERE agent NOT IN (SELECT id FROM context_agents);
DELETE FROM context_retired WHERE agent NOT IN (SELECT id FROM context_agents);
`

function prunedSeq({sql}: Connection): number {
  return Number(sql('SELECT pruned_seq FROM log').get()?.['pruned_seq'])
}

function agentsOf({sql}: Connection): number[] {
  return sql('SELECT id FROM context_agents')
    .all()
    .map(({id}) => Number(id))
}

/** Numbers are given in the order of the log. */
function firstLiveNumber({sql}: Connection, agent: number, pruned: number): number {
  const live = sql('SELECT number FROM context_passages WHERE agent = ? AND seq > ? ORDER BY number LIMIT 1')
  const next = sql('SELECT next_number FROM context_agents WHERE id = ?')
  return Number(live.get(agent, pruned)?.['number'] ?? next.get(agent)?.['next_number'])
}

interface Trim {
  agent: number
  firstLive: number
  /** The last term that was looked at. */
  after: string
}

const piece = 200

/** Trims postings until the turn is over; the term to go on after, undefined at the end. */
function trimTerms({sql}: Connection, {agent, firstLive, after}: Trim): string | undefined {
  const end = performance.now() + turnMs
  const find = sql(
    `SELECT term, block, last, count, data FROM context_postings
     WHERE agent = ? AND term > ? AND first < ? ORDER BY term, block LIMIT ?`,
  )
  let term = after
  while (performance.now() < end) {
    const found = find.all(agent, term, firstLive, piece)
    // All blocks of a term are done together: the last one may go on beyond this piece.
    const whole = found.length < piece ? found : found.filter((row) => row['term'] !== found.at(-1)!['term'])
    const rows = whole.length > 0 ? whole : found
    if (rows.length === 0) return undefined
    for (const row of rows) {
      const {term: of, block, last, count, data} = row
      const live = Number(last) < firstLive ? 0 : keepLive({sql}, [agent, String(of), Number(block)], data, firstLive)
      if (live === 0)
        sql('DELETE FROM context_postings WHERE agent = ? AND term = ? AND block = ?').run(agent, of!, block!)
      const gone = Number(count) - live
      sql('UPDATE context_terms SET passages = passages - ? WHERE agent = ? AND term = ?').run(gone, agent, of!)
      sql('DELETE FROM context_terms WHERE agent = ? AND term = ? AND passages = 0').run(agent, of!)
      term = String(of)
    }
  }
  return term
}

/** Writes a block again with its live postings; how many they are. */
function keepLive(
  {sql}: Pick<Connection, 'sql'>,
  [agent, term, block]: [number, string, number],
  data: unknown,
  firstLive: number,
): number {
  if (!(data instanceof Uint8Array)) return 0
  const {numbers, counts, words} = decodePostings([data])
  const live = Array.from(numbers, (number, i) => ({number, count: counts[i]!, words: words[i]!})).filter(
    ({number}) => number >= firstLive,
  )
  const [first] = live
  if (!first) return 0
  sql('UPDATE context_postings SET first = ?, count = ?, data = ? WHERE agent = ? AND term = ? AND block = ?').run(
    first.number,
    live.length,
    encodePostings(live),
    agent,
    term,
    block,
  )
  return live.length
}

/** Removes some passages; false when there are no more. */
function removePassages({sql}: Connection, agent: number, firstLive: number): boolean {
  const rows = sql(
    'SELECT number, event_id, words, retired FROM context_passages WHERE agent = ? AND number < ? ORDER BY number LIMIT ?',
  ).all(agent, firstLive, piece)
  for (const {number, event_id: eventId, words, retired} of rows) {
    sql('DELETE FROM context_passages WHERE agent = ? AND number = ?').run(agent, number!)
    sql('DELETE FROM context_retired WHERE agent = ? AND event_id = ?').run(agent, eventId!)
    sql('UPDATE context_agents SET passages = passages - 1, words = words - ?, retired = retired - ? WHERE id = ?').run(
      words!,
      retired!,
      agent,
    )
  }
  return rows.length === piece
}

/** Lists anew who speaks: some may be gone. */
function listSpeakers({sql}: Connection, agent: number): void {
  const rows = sql('SELECT DISTINCT speaker FROM context_passages WHERE agent = ?').all(agent)
  const names = new Set(rows.flatMap(({speaker}) => String(speaker).split(' ')))
  sql('DELETE FROM context_speakers WHERE agent = ?').run(agent)
  for (const name of names) if (name !== '') sql('INSERT INTO context_speakers VALUES (?, ?)').run(agent, name)
}
