import {isDeepStrictEqual} from 'node:util'
import {isOwnEvent} from '../event/dialects/envelope.ts'
import type {ClawEvent} from '../event/envelope.ts'
import {isObject} from '../event/json.ts'
import {type EntryContext, normalize} from '../event/normalize.ts'
import type {InputRecord} from '../input/records.ts'

/** The event of a line, in whatever dialect; throws where it is none. */
export function eventOfLine({text, fault}: InputRecord, context: EntryContext): ClawEvent {
  if (fault !== undefined) throw new Error(fault)
  const value: unknown = JSON.parse(text)
  return storedEvent(value) ?? normalize(value, context)
}

/**
 * An event as a log of ours printed it, without its place there. A log keeps timestamps as they came, also those that
 * are no time, and what it kept once it takes again: an export and an import change nothing.
 */
function storedEvent(value: unknown): ClawEvent | undefined {
  if (!isObject(value) || typeof value['position'] !== 'string' || typeof value['storedAt'] !== 'string') {
    return undefined
  }
  const {position: _position, storedAt: _storedAt, ...event} = value
  const {timestamp} = event
  if (typeof timestamp !== 'string') return undefined
  return isOwnEvent({...event, timestamp: anyTime}) ? (event as unknown as ClawEvent) : undefined
}

const anyTime = '2000-01-01T00:00:00.000Z'

export interface SameOptions {
  /** What stands in for the time of an event that has none. */
  receivedAt: string
}

/**
 * Whether two events of one id are the same fact: by which file and line it came does not matter, nor when, where it
 * tells no time itself.
 */
export function isSameEvent(stored: ClawEvent, given: ClawEvent, {receivedAt}: SameOptions): boolean {
  const isUntimed = given.timestamp === receivedAt && stored.timestamp !== given.timestamp
  return isDeepStrictEqual(factOf(stored, isUntimed), factOf(given, isUntimed))
}

function factOf({metadata, timestamp, ...event}: ClawEvent, isUntimed: boolean): unknown {
  const {entry: _entry, ...facts} = metadata ?? {}
  // As JSON: a field that is undefined is one that is not there.
  return JSON.parse(JSON.stringify({...event, facts, timestamp: isUntimed ? undefined : timestamp}))
}
