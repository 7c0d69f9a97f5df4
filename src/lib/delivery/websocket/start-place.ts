import {ClawError, Exit} from '../../errors.ts'
import type {Position} from '../../event/envelope.ts'
import {everything} from '../../filter/filter.ts'
import {type EventStore, logStart} from '../../store/port.ts'
import type {Acknowledgements} from './acknowledgements.ts'
import type {ClientMessage} from './messages.ts'
import {places} from './messages.ts'
import type {Rights} from './rights.ts'

/** Where a subscription begins. */
export interface StartPlace {
  /** Absent: with what comes. */
  position?: Position
  /** Under which its acknowledgements are kept. */
  reader?: string
  /** Whether this client was not known before; only where it asked to go on after its acknowledgement. */
  isNew?: boolean
  /** The first event that the log still has, where the place lies before it. */
  oldest?: Position
}

type Subscribe = Extract<ClientMessage, {type: 'subscribe'}>

export interface PlaceSource {
  store: EventStore
  acknowledgements: Acknowledgements
  /** How far the log is known. */
  heard: () => Position
}

/** INPUT_INVALID for a place that is none of this log. */
export async function startPlace(
  {store, acknowledgements, heard}: PlaceSource,
  {from, client}: Subscribe,
  rights: Rights,
): Promise<StartPlace> {
  if (from !== places.now && from !== places.start && from !== places.ack) {
    await assertPosition(store, from)
    if (from > heard() && from > ((await store.head()) ?? logStart)) throw beyondLog(from)
  }
  const claimed = client === undefined ? undefined : await acknowledgements.claim(client, rights)
  const reader = claimed?.reader
  if (from === places.now) return {reader}
  if (from === places.start) return {reader, position: logStart}
  const position = from === places.ack && claimed !== undefined ? claimed.position : from
  const isNew = from === places.ack ? claimed?.isNew : undefined
  return {reader, position, isNew, oldest: await oldestAfter(store, position)}
}

/** Rejects where a position has not the form of this log's. */
export async function assertPosition(store: EventStore, position: Position): Promise<void> {
  // The range is empty, but its ends are looked at.
  for await (const _ of store.read(everything, {from: position, to: position})) break
}

function beyondLog(position: Position): ClawError {
  return new ClawError(
    'INPUT_INVALID',
    `position ${JSON.stringify(position)} lies after the newest event of this log`,
    {
      exit: Exit.usage,
      suggestions: ['use a position that came from this log, "start" or "now"'],
    },
  )
}

async function oldestAfter(store: EventStore, position: Position): Promise<Position | undefined> {
  if (position === logStart) return undefined
  for await (const first of store.read(everything, {limit: 1})) {
    return first.position > position ? first.position : undefined
  }
  return undefined
}
