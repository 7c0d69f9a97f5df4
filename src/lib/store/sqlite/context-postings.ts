import type {Connection} from './connection.ts'
import {encodePostings, type Posting} from './postings.ts'

/** A block is about as large as what SQLite keeps within a page of its tree. */
const blockBytes = 1_800

/** Adds to a term's last block, or begins a new one when that is full. */
export function appendPostings({sql}: Connection, agent: number, term: string, list: readonly Posting[]): void {
  const known = sql('SELECT passages, block FROM context_terms WHERE agent = ? AND term = ?').get(agent, term)
  const block = Number(known?.['block'] ?? 0)
  const row = sql('SELECT last, data FROM context_postings WHERE agent = ? AND term = ? AND block = ?').get(
    agent,
    term,
    block,
  )
  const old = row?.['data'] instanceof Uint8Array ? row['data'] : undefined
  const last = list.at(-1)!.number
  const added = old && encodePostings(list, Number(row?.['last']))
  const fits = old && added && old.length + added.length <= blockBytes
  if (fits) {
    sql(
      `UPDATE context_postings SET last = ?, count = count + ?, data = ? WHERE agent = ? AND term = ? AND block = ?`,
    ).run(last, list.length, Buffer.concat([old, added]), agent, term, block)
  } else {
    sql('INSERT INTO context_postings VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      agent,
      term,
      block + (old ? 1 : 0),
      list[0]!.number,
      last,
      list.length,
      encodePostings(list),
    )
  }
  const passages = Number(known?.['passages'] ?? 0) + list.length
  sql('INSERT OR REPLACE INTO context_terms VALUES (?, ?, ?, ?)').run(
    agent,
    term,
    passages,
    block + (old && !fits ? 1 : 0),
  )
}
