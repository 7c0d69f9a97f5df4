import type {Position, StoredEvent} from '../../event/envelope.ts'
import {isObject} from '../../event/json.ts'
import {everything, type Filter} from '../../filter/filter.ts'
import {type EventStore, type IdRange, logStart} from '../../store/port.ts'
import type {Cursor} from '../../store/state-port.ts'
import type {SinkContext} from '../sink.ts'

/** Events up to a position of which it is open whether the target has them, and where it would have them. */
export interface Doubt {
  range: IdRange
  upTo: Position
}

/** Where a forwarder goes on. */
export interface Place {
  position: Position
  /** The id of the event at the position, to know the log by that it is of. */
  eventId?: string
  doubt?: Doubt
}

/** The clocks of this machine and of the target's may differ by as much. */
export const mostSkewMs = 3_600_000

export interface PlaceOptions {
  reader: string
  filter: Filter
  context: Pick<SinkContext, 'store' | 'state' | 'log'>
  target: EventStore
  /** What the target is called: a cursor of another one means nothing. */
  targetName: string
}

/**
 * Behind the last event that was acknowledged. Without a cursor, and when the log or the target is another one now: at
 * the start, since nothing may be missing in the target; its ids then tell what it has.
 */
export async function findPlace({reader, filter, context, target, targetName}: PlaceOptions): Promise<Place> {
  const {store, state, log} = context
  const cursor = await state.cursor(reader)
  if (cursor?.log === log && cursor.details?.['target'] === targetName) {
    const place = placeOf(cursor)
    if (await isOfLog(place, store)) return place
  }
  return {position: logStart, doubt: await doubtAtStart(filter, store, target)}
}

/** What stands in the cursor's details. */
export function detailsOf({eventId, doubt}: Place, targetName: string): Record<string, unknown> {
  const {range, upTo} = doubt ?? {}
  return {
    target: targetName,
    ...(eventId !== undefined && {eventId}),
    ...(range && {doubt: {upTo, ...('after' in range ? range : {since: range.since.toISOString()})}}),
  }
}

function placeOf({position, details = {}}: Cursor): Place {
  const {eventId, doubt} = details
  return {
    position,
    ...(typeof eventId === 'string' && {eventId}),
    ...(isObject(doubt) && {doubt: doubtOf(doubt)}),
  }
}

function doubtOf({upTo, after, since}: Record<string, unknown>): Doubt {
  const range = typeof after === 'string' ? {after} : {since: new Date(String(since))}
  return {range, upTo: String(upTo)}
}

/** Whether the position is one of this log, and not of one that was there before at the same place. */
async function isOfLog({position, eventId}: Place, store: EventStore): Promise<boolean> {
  if (position === logStart) return true
  const head = await store.head()
  if (head === undefined || head < position) return false
  const found = await firstOf(store.read(everything, {to: position, order: 'desc', limit: 1}))
  // What was pruned cannot be asked.
  return eventId === undefined || found?.position !== position || found.eventId === eventId
}

/** No event of ours was in the target before it was in this log. */
async function doubtAtStart(filter: Filter, store: EventStore, target: EventStore): Promise<Doubt | undefined> {
  const first = await firstOf(store.read(filter, {limit: 1}))
  const {last} = await target.describe()
  const upTo = await store.head()
  if (first === undefined || last === null || upTo === undefined) return undefined
  const since = new Date(Date.parse(first.storedAt) - mostSkewMs)
  return Date.parse(last.storedAt) < since.getTime() ? undefined : {range: {since}, upTo}
}

export async function firstOf(events: AsyncIterable<StoredEvent>): Promise<StoredEvent | undefined> {
  for await (const event of events) return event
  return undefined
}
