import {createHash} from 'node:crypto'
import type {Connection} from './connection.ts'
import {eventIdOf} from './row.ts'

/**
 * What the record of an erasure says of the events that it erased: the SHA-256, in hex, of one line for each in log
 * order, `<seq> <stored_at> <digest> <event id>`. So nobody can pass off a deletion as one of an earlier erasure.
 */
export function proofOf({sql}: Connection, record: number): string {
  const proof = createHash('sha256')
  const query = 'SELECT seq, stored_at, hex(digest) AS digest, event_id FROM erased WHERE record = ? ORDER BY seq'
  for (const {seq, stored_at: storedAt, digest, event_id: key} of sql(query).iterate(record)) {
    proof.update(`${seq} ${storedAt} ${String(digest).toLowerCase()} ${eventIdOf(key)}\n`)
  }
  return proof.digest('hex')
}
