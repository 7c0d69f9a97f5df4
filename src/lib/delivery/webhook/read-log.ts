import type {Position, StoredEvent} from '../../event/envelope.ts'
import {everything} from '../../filter/filter.ts'
import type {EventStore} from '../../store/port.ts'
import {pause} from '../pause.ts'
import type {Item} from './item.ts'
import type {Work} from './work.ts'

export interface ReadOptions {
  from: Position
  /** Events that stand in the state store already, though the cursor is not past them. */
  known: Set<string>
  /** The longest that an event waits for others to go with it. */
  flushMs: number
}

/** Yields what the endpoint is to get, in log order, as fast as its ledger has room; ends with the signal. */
export async function* readLog(work: Work, {from, known, flushMs}: ReadOptions): AsyncGenerator<Item> {
  const {context, signal, outgoing, ledger} = work
  const flush = flushMs > 0 ? createFlush(context.store, flushMs, signal) : undefined
  for await (const event of context.store.follow(everything, {from, signal})) {
    if (known.delete(event.eventId) || !outgoing.wants(event)) {
      ledger.skip(event.position)
      continue
    }
    await flush?.(event.position)
    if (!(await ledger.room(signal))) return
    yield itemOf(outgoing.prepare(event), context.now())
  }
}

function itemOf(event: StoredEvent, addedAt: number): Item {
  const {eventId, position} = event
  return {eventId, position, event, attempts: 0, addedAt, isTaken: true}
}

/** Holds an event back until the batch goes that it belongs to: what the log has when the wait is over. */
function createFlush(store: EventStore, flushMs: number, signal: AbortSignal): (position: Position) => Promise<void> {
  let released: Position = ''
  return async (position) => {
    if (position <= released) return
    await pause(flushMs, signal)
    released = (await store.head()) ?? position
  }
}
