import {ClawError, Exit} from '../../errors.ts'
import type {Position} from '../../event/envelope.ts'

export function positionOf(seq: number): Position {
  return String(seq).padStart(16, '0')
}

/** The sequence number of a position of an embedded log; the empty position stands before everything. */
export function seqOf(position: Position): number {
  if (position !== '' && !/^\d{16}$/.test(position)) {
    throw new ClawError('INPUT_INVALID', `${JSON.stringify(position)} is no position of an embedded event log`, {
      exit: Exit.usage,
      suggestions: ['take the `position` of an event from the same store'],
    })
  }
  return Number(position)
}
