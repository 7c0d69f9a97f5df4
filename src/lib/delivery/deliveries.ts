import {ClawError, Exit} from '../errors.ts'
import type {Position} from '../event/envelope.ts'
import {compileFilter} from '../filter/compile.ts'
import {everything, type Filter} from '../filter/filter.ts'
import {nearest} from '../match/nearest.ts'
import type {EventStore} from '../store/port.ts'
import type {Cursor, Delivery, DeliveryState, StateStore} from '../store/state-port.ts'
import {readDetails} from './webhook/details.ts'
import {webhookReader} from './webhook/names.ts'

/** How a reader of the log is doing, as the state store knows it. */
export interface ReaderSummary {
  reader: string
  /** `stopped`: no process runs the sinks of this state directory. */
  state: 'running' | 'paused' | 'disabled' | 'stopped'
  /** Since when and why nothing is sent to it. */
  since?: string
  reason?: string
  position: Position | null
  /** Events of the log after its place, for it or not; at most `mostBehind`. Null where nobody can tell. */
  behind: number | null
  waiting: number
  dead: number
}

/** A log, and what cursors call it. */
export interface NamedLog {
  store: EventStore
  name: string
}

/** More are not counted. */
export const mostBehind = 10_000

export interface WhichDeliveries {
  /** As `resolveReader` gives it. */
  reader?: string
  state?: DeliveryState
  filter: Filter
}

/** Every reader that has a place in a log or deliveries. Positions of other logs than this one say nothing. */
export async function summarizeReaders(state: StateStore, log?: NamedLog): Promise<ReaderSummary[]> {
  const cursors = new Map((await state.cursors()).map((cursor) => [cursor.reader, cursor]))
  const readers = [...new Set([...cursors.keys(), ...(await state.deliveryReaders())])].sort()
  const isRun = (await state.owner()) !== undefined
  return Promise.all(
    readers.map(async (reader) => {
      const cursor = cursors.get(reader)
      return {
        reader,
        ...stateOf(cursor, isRun),
        position: cursor?.position ?? null,
        behind:
          cursor?.log === undefined || cursor.log !== log?.name ? null : await countAfter(log.store, cursor.position),
        ...(await state.countDeliveries(reader)),
      }
    }),
  )
}

function stateOf(cursor: Cursor | undefined, isRun: boolean): Pick<ReaderSummary, 'state' | 'since' | 'reason'> {
  const {disabled, paused} = readDetails(cursor?.details)
  if (disabled !== undefined) return {state: 'disabled', ...disabled}
  if (!isRun) return {state: 'stopped'}
  return paused === undefined ? {state: 'running'} : {state: 'paused', ...paused}
}

async function countAfter(store: EventStore, from: Position): Promise<number> {
  let count = 0
  for await (const _ of store.read(everything, {from, limit: mostBehind})) count++
  return count
}

/** The deliveries whose events the filter lets through. */
export async function* findDeliveries(
  store: StateStore,
  {reader, state, filter}: WhichDeliveries,
): AsyncGenerator<Delivery> {
  const matches = await compileFilter(filter)
  for await (const delivery of store.everyDelivery({reader, state})) if (matches(delivery.event)) yield delivery
}

/** Event ids of dead letters by reader: all that the filter lets through. */
export async function findDead(
  store: StateStore,
  {reader, filter}: Omit<WhichDeliveries, 'state'>,
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for await (const delivery of findDeliveries(store, {reader, state: 'dead', filter})) {
    const ids = found.get(delivery.reader)
    if (ids === undefined) found.set(delivery.reader, [delivery.eventId])
    else ids.push(delivery.eventId)
  }
  return found
}

/** Makes dead letters due now; how many of each reader. A sink that runs sends them within about a second. */
export async function retryDead(
  store: StateStore,
  letters: ReadonlyMap<string, readonly string[]>,
): Promise<Array<{reader: string; retried: number}>> {
  const result: Array<{reader: string; retried: number}> = []
  for (const [reader, ids] of letters) {
    let retried = 0
    for (const some of pieces(ids)) retried += await store.retryDead(reader, some)
    result.push({reader, retried})
  }
  return result
}

/** Forgets dead letters. */
export async function dropDead(store: StateStore, letters: ReadonlyMap<string, readonly string[]>): Promise<void> {
  for (const [reader, ids] of letters) {
    for (const remove of pieces(ids)) await store.commit({reader, remove})
  }
}

/** Sinks that run shall not wait for one long change. */
const pieceSize = 500

function* pieces(ids: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < ids.length; start += pieceSize) yield ids.slice(start, start + pieceSize)
}

/** Lets a disabled endpoint go on where it stopped; false when it was not disabled. */
export async function enableEndpoint(store: StateStore, reader: string): Promise<boolean> {
  const cursor = await store.cursor(reader)
  const isDisabled = readDetails(cursor?.details).disabled !== undefined
  if (cursor !== undefined && isDisabled) {
    const {log, position} = cursor
    await store.commit({reader, cursor: {log, position}})
  }
  return isDisabled
}

/** The reader of a name as people give it: whole, or the name of a webhook alone. USAGE when there is none. */
export async function resolveReader(store: StateStore, name: string): Promise<string> {
  const readers = [...(await store.cursors()).map(({reader}) => reader), ...(await store.deliveryReaders())]
  const found = [name, `${webhookReader}${name}`].find((candidate) => readers.includes(candidate))
  if (found !== undefined) return found
  const short = readers.map((reader) => reader.replace(webhookReader, ''))
  const meant = nearest(name, short)
  throw new ClawError('USAGE', `there is no reader ${JSON.stringify(name)}`, {
    exit: Exit.usage,
    suggestions: [...(meant ? [`did you mean ${meant}?`] : []), '`claw-events deliveries list` names them all'],
  })
}
