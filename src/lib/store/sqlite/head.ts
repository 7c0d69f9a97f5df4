import type {Connection} from './connection.ts'

/** The one row of `log` that every append moves. */
export interface Head {
  seq: number
  storedAt: number
  /** Hex. */
  chain: string
  events: number
  /** The bodies' bytes. */
  bytes: number
}

export function readHead({sql}: Connection): Head {
  const row = sql('SELECT last_seq, last_stored_at, hex(chain) AS chain, events, bytes FROM log').get()!
  return {
    seq: Number(row['last_seq']),
    storedAt: Number(row['last_stored_at']),
    chain: String(row['chain']).toLowerCase(),
    events: Number(row['events']),
    bytes: Number(row['bytes']),
  }
}

export function writeHead({sql}: Connection, {seq, storedAt, chain, events, bytes}: Head): void {
  const update = 'UPDATE log SET last_seq = ?, last_stored_at = ?, chain = ?, events = ?, bytes = ?'
  sql(update).run(seq, storedAt, Buffer.from(chain, 'hex'), events, bytes)
}

/** The newest sequence number ever given; 0 for a log that never had an event. */
export function lastSeq({sql}: Connection): number {
  return Number(sql('SELECT last_seq FROM log').get()?.['last_seq'])
}
