import {ClawError} from '../../errors.ts'
import type {ClawEvent, Position, StoredEvent} from '../../event/envelope.ts'
import {normalize} from '../../event/normalize.ts'
import type {Delivered} from './consumer.ts'

const positionDigits = 16
const utf8 = new TextDecoder()

/** A stream sequence as a position: positions compare as strings. */
export function positionOf(seq: number): Position {
  return String(seq).padStart(positionDigits, '0')
}

/** 0 for the start of the log and for what is no position of a stream. */
export function sequenceOf(position: Position): number {
  return /^\d+$/.test(position) ? Number(position) : 0
}

export type Decode = (delivered: Delivered) => StoredEvent | undefined

/** Turns messages into events of any dialect; undefined for a message that is none: it is passed over. */
export function createDecode(stream: string): Decode {
  let storedMs = Number.NaN
  let storedAt = ''

  return ({seq, storedMs: time, msg}) => {
    const event = eventOf(utf8.decode(msg.data), {importedFrom: stream, receivedAt: time})
    if (event === undefined) return undefined
    // Many messages are stored in one millisecond, and a date costs more than the rest.
    if (time !== storedMs) {
      storedMs = time
      storedAt = new Date(time).toISOString()
    }
    return Object.assign(event, {position: positionOf(seq), storedAt})
  }
}

function eventOf(text: string, context: {importedFrom: string; receivedAt: number}): ClawEvent | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isOurs(value) ? value : normalize(value, context)
  } catch (thrown) {
    if (thrown instanceof SyntaxError || (thrown instanceof ClawError && thrown.code === 'EVENT_INVALID'))
      return undefined
    throw thrown
  }
}

/** Whether it was appended by us: then it is given back as it came, whatever is in it. */
function isOurs(value: unknown): value is ClawEvent {
  if (typeof value !== 'object' || value === null) return false
  const {
    eventId,
    schemaVersion,
    timestamp,
    type,
    eventCategory,
    eventName,
    source,
    agentId,
    correlationId,
    visibility,
    data,
  } = value as Partial<ClawEvent>
  return (
    typeof visibility === 'string' &&
    typeof eventId === 'string' &&
    typeof correlationId === 'string' &&
    typeof schemaVersion === 'string' &&
    typeof timestamp === 'string' &&
    typeof type === 'string' &&
    typeof eventCategory === 'string' &&
    typeof eventName === 'string' &&
    typeof source === 'string' &&
    typeof agentId === 'string' &&
    typeof data === 'object' &&
    data !== null
  )
}
