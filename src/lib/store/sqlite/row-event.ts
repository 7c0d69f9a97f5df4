import {ClawError} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import {positionOf} from './position.ts'

export interface Row {
  seq: number
  body: string
  storedAt: number
}

/** The event of a row. STORE_CORRUPT where its body is no JSON object any more. */
export function eventOf({seq, body, storedAt}: Row, path: string): StoredEvent {
  try {
    return Object.assign(JSON.parse(body), {position: positionOf(seq), storedAt: new Date(storedAt).toISOString()})
  } catch (thrown) {
    throw new ClawError('STORE_CORRUPT', `event ${positionOf(seq)} of the event log ${path} is damaged: no JSON`, {
      suggestions: [
        '`claw-events stream verify` lists all damaged events',
        '`claw-events export` saves what can still be read',
      ],
      cause: thrown,
    })
  }
}
