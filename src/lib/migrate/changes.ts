import type {ClawEvent} from '../event/envelope.ts'
import {timestampOf} from './dates.ts'
import {type MemoryDocument, typeOf} from './document.ts'
import type {KnownFile} from './ledger.ts'
import {fileEvent, partEvent, removedEvent} from './memory-event.ts'
import {type KnownPart, placesOf} from './places.ts'

/** An event to record; null: one that the log holds already. */
export type Change = ClawEvent | null

export interface Observer {
  agentId: string
  /** Epoch milliseconds. */
  now: () => number
}

/**
 * What a file adds to what the log knows of it. The file's own event comes first, so that its sections never name one
 * that is not there; a run that ended in between is completed by the next with the same ids, because every place
 * supersedes only what stood on that very place.
 */
export function* changesOf(document: MemoryDocument, known: KnownFile, {agentId, now}: Observer): Generator<Change> {
  const {path} = document
  const isKnown = known.eventId !== undefined && known.sha256 === document.sha256
  const event = isKnown ? null : fileEvent(document, agentId, known.eventId)
  yield event
  const fileEventId = event?.eventId ?? known.eventId!
  const {placed, vanished} = placesOf(document.parts, known.parts)
  for (const {part, ordinal, knownAs, supersedes} of placed) {
    yield knownAs === undefined ? partEvent(part, {agentId, path, ordinal, fileEventId, supersedes}) : null
  }
  yield* removals(path, vanished, {agentId, fileEventId, timestamp: timestampOf(now())})
}

/** What a file adds that is not there any more: its event goes last, as long as it stands its sections can be told. */
export function* removalOf(
  path: string,
  {eventId, sha256, parts}: KnownFile,
  {agentId, now}: Observer,
): Generator<ClawEvent> {
  const timestamp = timestampOf(now())
  const alive = parts.filter((part) => part.sha256 !== undefined)
  yield* removals(path, alive, {agentId, fileEventId: eventId, timestamp})
  if (eventId === undefined || sha256 === undefined) return
  yield removedEvent({
    agentId,
    path,
    removedType: typeOf(path),
    heading: '',
    fileEventId: eventId,
    supersedes: eventId,
    timestamp,
  })
}

interface RemovalContext {
  agentId: string
  fileEventId: string | undefined
  timestamp: string
}

function* removals(
  path: string,
  parts: readonly KnownPart[],
  {fileEventId, ...context}: RemovalContext,
): Generator<ClawEvent> {
  for (const {heading, ordinal, eventId} of parts) {
    const file = {fileEventId: fileEventId ?? eventId, supersedes: eventId}
    yield removedEvent({...context, ...file, path, heading, ordinal, removedType: 'memory.section'})
  }
}
