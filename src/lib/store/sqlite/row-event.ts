import {ClawError} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import {positionOf} from './position.ts'

export interface Row {
  seq: number
  body: string
  storedAt: number
}

/** The event of a row. STORE_CORRUPT where its body is no JSON object any more. */
export function eventOf(row: Row, path: string): StoredEvent {
  return createEventReader(path)(row)
}

/** The same for many rows of one log. */
export function createEventReader(path: string): (row: Row) => StoredEvent {
  // What was stored together has one time, and to write it out costs more than to look whether it is the same.
  let storedAt = Number.NaN
  let storedText = ''
  return (row) => {
    try {
      if (row.storedAt !== storedAt) {
        storedText = new Date(row.storedAt).toISOString()
        storedAt = row.storedAt
      }
      return Object.assign(JSON.parse(row.body), {position: positionOf(row.seq), storedAt: storedText})
    } catch (thrown) {
      throw damaged(row, path, thrown)
    }
  }
}

function damaged({seq}: Row, path: string, cause: unknown): ClawError {
  return new ClawError('STORE_CORRUPT', `event ${positionOf(seq)} of the event log ${path} is damaged: no JSON`, {
    suggestions: [
      '`claw-events stream verify` lists all damaged events',
      '`claw-events export` saves what can still be read',
    ],
    cause,
  })
}
