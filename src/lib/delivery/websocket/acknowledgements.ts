import {ClawError} from '../../errors.ts'
import type {Position} from '../../event/envelope.ts'
import {logStart} from '../../store/port.ts'
import type {SinkContext} from '../sink.ts'
import type {WebSocketLimits} from './limits.ts'
import type {Rights} from './rights.ts'

/** How far clients that name themselves have got, across connections and restarts. */
export interface Acknowledgements {
  /** The place of a client; one that is new begins where new readers begin, and that is saved at once. */
  claim(name: string, rights: Rights): Promise<{reader: string; position: Position; isNew: boolean}>
  /** Saves a place unless a later one is saved already; gives the one that is. */
  advance(reader: string, position: Position): Promise<Position>
}

type Options = Pick<SinkContext, 'state' | 'log' | 'store' | 'startAt' | 'now'> & {limits: WebSocketLimits}

const prefix = 'websocket:'

/** Keeps them as cursors of readers `websocket:NAME`. There are not more than `limits.names`. */
export function createAcknowledgements({state, log, store, startAt, now, limits}: Options): Acknowledgements {
  // One after the other: two connections of one client must not set it back, nor two clients take the last place.
  let turn: Promise<unknown> = Promise.resolve()
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  async function claim(reader: string) {
    const cursor = await state.cursor(reader)
    if (cursor?.log === log) return {reader, position: cursor.position, isNew: false}
    if (cursor === undefined) await makeRoom()
    const position = startAt === 'start' ? logStart : ((await store.head()) ?? logStart)
    await state.commit({reader, cursor: {log, position}})
    return {reader, position, isNew: true}
  }

  async function makeRoom(): Promise<void> {
    const ours = (await state.cursors()).filter(({reader}) => reader.startsWith(prefix))
    if (ours.length < limits.names) return
    const [oldest] = ours.sort((a, b) => a.savedAt - b.savedAt)
    if (oldest === undefined || now() - oldest.savedAt < limits.nameAgeMs) {
      throw new ClawError('INPUT_INVALID', `there are ${limits.names} clients with names already`, {
        suggestions: ['use one of these names, or subscribe without `client` and keep the position yourself'],
      })
    }
    await state.removeReader(oldest.reader)
  }

  async function advance(reader: string, position: Position): Promise<Position> {
    const saved = await state.cursor(reader)
    if (saved?.log === log && saved.position >= position) return saved.position
    await state.commit({reader, cursor: {log, position}})
    return position
  }

  return {
    claim: (name, rights) => inTurn(() => claim(`${prefix}${name}${rights.namespace}`)),
    advance: (reader, position) => inTurn(() => advance(reader, position)),
  }
}
