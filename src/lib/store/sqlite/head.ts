import {ClawError} from '../../errors.ts'
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

/** The one row of `log`, or some columns of it. */
export function logRow({sql}: Connection, columns: string): Record<string, unknown> {
  const row = sql(`SELECT ${columns} FROM log`).get()
  if (row) return row
  throw new ClawError('STORE_CORRUPT', 'the event log has lost its head: its table "log" is empty', {
    suggestions: ['put back a copy of the file: without its head the log takes in no events'],
  })
}

export function readHead(connection: Connection): Head {
  const row = logRow(connection, 'last_seq, last_stored_at, hex(chain) AS chain, events, bytes')
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
export function lastSeq(connection: Connection): number {
  return Number(logRow(connection, 'last_seq')['last_seq'])
}

/** The same of a log whose head may be damaged: then the newest that can be seen. */
export function lastSeqAtAll(connection: Connection): number {
  try {
    return lastSeq(connection)
  } catch {
    return Number(connection.sql('SELECT max(seq) AS seq FROM events').get()?.['seq'] ?? 0)
  }
}
