import {ClawError, Exit} from '../../errors.ts'
import type {ClawEvent, Position, StoredEvent} from '../../event/envelope.ts'
import {normalize} from '../../event/normalize.ts'
import type {Delivered} from './consumer.ts'

const positionDigits = 16
const utf8 = new TextDecoder()

/** A stream sequence as a position: positions compare as strings. */
export function positionOf(seq: number): Position {
  return String(seq).padStart(positionDigits, '0')
}

/** The sequence at a position; 0 for the start of the log. INPUT_INVALID for what is no position of a stream. */
export function sequenceOf(position: Position): number {
  if (position === '' || /^\d{16}$/.test(position)) return Number(position)
  throw new ClawError('INPUT_INVALID', `${JSON.stringify(position)} is no position of a JetStream stream`, {
    exit: Exit.usage,
    suggestions: ['take the `position` of an event from the same store'],
  })
}

type Placed = ClawEvent & Partial<Pick<StoredEvent, 'position' | 'storedAt'>>

export type Decode = (delivered: Delivered) => StoredEvent | undefined

/** Turns messages into events of any dialect; undefined for a message that is none: it is passed over. */
export function createDecode(stream: string): Decode {
  let storedMs = Number.NaN
  let storedAt = ''

  return ({seq, storedMs: time, data}) => {
    const event = decodeEvent(data, stream, time)
    if (event === undefined) return undefined
    // Many messages are stored in one millisecond, and a date costs more than the rest.
    if (time !== storedMs) {
      storedMs = time
      storedAt = new Date(time).toISOString()
    }
    // Set one by one: several times faster than a copy or `Object.assign`.
    event.position = positionOf(seq)
    event.storedAt = storedAt
    return event as StoredEvent
  }
}

/** The event in a message's body, without its place; undefined for what is none. */
export function decodeEvent(data: Uint8Array, stream: string, receivedAt: number): Placed | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(data))
    return isOurs(value) ? value : normalize(value, {importedFrom: stream, receivedAt})
  } catch (thrown) {
    if (thrown instanceof SyntaxError || (thrown instanceof ClawError && thrown.code === 'EVENT_INVALID'))
      return undefined
    throw thrown
  }
}

/** Whether it was appended by us: then it is given back as it came, whatever is in it. */
function isOurs(value: unknown): value is ClawEvent {
  if (typeof value !== 'object' || value === null) return false
  const event: Partial<ClawEvent> = value
  return (
    typeof event.visibility === 'string' &&
    typeof event.correlationId === 'string' &&
    typeof event.eventId === 'string' &&
    typeof event.schemaVersion === 'string' &&
    typeof event.timestamp === 'string' &&
    typeof event.type === 'string' &&
    typeof event.eventCategory === 'string' &&
    typeof event.eventName === 'string' &&
    typeof event.source === 'string' &&
    typeof event.agentId === 'string' &&
    typeof event.data === 'object' &&
    event.data !== null
  )
}
