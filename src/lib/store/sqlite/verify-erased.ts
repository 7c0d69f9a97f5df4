import {erasureType} from '../erasure.ts'
import type {VerifyFault} from '../port.ts'
import type {Connection} from './connection.ts'
import {proofOf} from './erase-proof.ts'
import {hasErased} from './erased.ts'
import type {LogFile} from './log-file.ts'
import type {Ends} from './verify-ends.ts'
import {changed} from './verify-faults.ts'
import {eventIn} from './verify-row.ts'

/**
 * Every erased event must be one that the log says it erased: an event that was deleted in another way, with something
 * put in its place, is in no record. The records are events of the chain themselves.
 */
export function judgeErasures(file: LogFile, {seq: pruned, lastSeq}: Ends): VerifyFault[] {
  const connection = file.reader()
  if (!hasErased(connection)) return []
  const query = 'SELECT record, min(seq) AS first, max(seq) AS last FROM erased WHERE seq > ? GROUP BY record'
  return connection
    .sql(query)
    .all(pruned)
    .flatMap(({record, first, last}) => {
      if (Number(last) > lastSeq && Number(first) > lastSeq) return []
      const why = faultIn(connection, Number(record))
      return why === undefined ? [] : [changed(Number(first), why)]
    })
}

function faultIn(connection: Connection, record: number): string | undefined {
  const body = connection.sql('SELECT body FROM events WHERE seq = ? AND type = ?').get(record, erasureType)?.['body']
  if (body === undefined) return 'this event was removed, and the log has no record of that'
  return eventIn(String(body))?.data?.['proof'] === proofOf(connection, record)
    ? undefined
    : 'this event, or another one with the same record, is not among those that the log says it erased'
}
