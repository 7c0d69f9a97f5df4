import type {StoredEvent} from '../../event/envelope.ts'
import type {Outgoing} from '../outgoing.ts'
import {textFrame} from './frame.ts'

/** An event on its way out. */
export interface Outbound {
  /** As it leaves, so that a client's filter can find out no more than it is sent. */
  event: StoredEvent
  /** Made once, when the first client wants it; undefined when it cannot be made. */
  frame(): Buffer | undefined
}

export type Encode = (event: StoredEvent) => Outbound | undefined

export interface EncodeOptions {
  outgoing: Outgoing
  /** Signs or otherwise completes what is sent. */
  finish: (event: StoredEvent) => StoredEvent
  onFault(event: StoredEvent, error: unknown): void
}

/** Undefined for what does not leave by this sink. One event that cannot be made ready stops none of the others. */
export function createEncoder({outgoing, finish, onFault}: EncodeOptions): Encode {
  function attempt<T>(stored: StoredEvent, step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      onFault(stored, error)
      return undefined
    }
  }

  return (stored) => {
    const event = attempt(stored, () => (outgoing.wants(stored) ? outgoing.prepare(stored) : undefined))
    if (event === undefined) return undefined
    let made: {frame: Buffer | undefined} | undefined
    return {
      event,
      frame() {
        made ??= {frame: attempt(stored, () => textFrame(JSON.stringify(finish(event))))}
        return made.frame
      },
    }
  }
}
