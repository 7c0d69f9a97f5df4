import {setTimeout} from 'node:timers/promises'
import {ClawError, Exit} from '../../errors.ts'
import type {Position} from '../../event/envelope.ts'
import type {EventStore} from '../../store/port.ts'
import type {Acknowledgements} from './acknowledgements.ts'
import type {Connection} from './connection.ts'
import type {WebSocketLimits} from './limits.ts'
import {assertPosition} from './start-place.ts'

export interface AckWriterOptions {
  connection: Connection
  reader: string
  store: EventStore
  /** How far its subscription has got: what lies beyond may have come, but not by it. */
  sent: () => Position
  acknowledgements: Acknowledgements
  limits: Pick<WebSocketLimits, 'ackMs'>
}

/** Saves what one client acknowledges: of many in a short time the last. */
export interface AckWriter {
  add(ack: {id?: string; position: Position}): void
  /** Saves what is left. */
  end(): Promise<void>
}

export function createAckWriter(options: AckWriterOptions): AckWriter {
  const {connection, reader, store, sent, acknowledgements, limits} = options
  const ending = new AbortController()
  let next: {id?: string; position: Position} | undefined
  let writing: Promise<void> | undefined

  async function write(): Promise<void> {
    while (next !== undefined) {
      const {id, position} = next
      next = undefined
      await save(position).then(
        (saved) => connection.reply({type: 'acked', id, position: saved}),
        (error) => connection.reply({type: 'error', id, ...faultOf(error)}),
      )
      // Aborted when no more will come: then there is nothing to wait for.
      await setTimeout(limits.ackMs, undefined, {signal: ending.signal}).catch(() => undefined)
    }
    writing = undefined
  }

  async function save(position: Position): Promise<Position> {
    await assertPosition(store, position)
    if (position > sent()) throw notSent(position)
    return acknowledgements.advance(reader, position)
  }

  return {
    add(ack) {
      next = ack
      writing ??= write()
    },
    async end() {
      ending.abort()
      await writing
    },
  }
}

function notSent(position: Position): ClawError {
  return new ClawError('INPUT_INVALID', `position ${JSON.stringify(position)} was not sent by this subscription yet`, {
    exit: Exit.usage,
  })
}

function faultOf(error: unknown): {code: string; message: string} {
  if (error instanceof ClawError && error.code === 'INPUT_INVALID') return {code: error.code, message: error.message}
  return {code: 'FAILED', message: 'the acknowledgement could not be saved'}
}
