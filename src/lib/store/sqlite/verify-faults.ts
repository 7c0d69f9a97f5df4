import type {VerifyFault} from '../port.ts'
import {positionOf} from './position.ts'

export function missing(first: number, last: number): VerifyFault {
  const message =
    first === last ? 'this event is missing' : `${last - first + 1} events are missing, up to ${positionOf(last)}`
  return {position: positionOf(first), kind: 'missing', message}
}

export function changed(seq: number, message: string): VerifyFault {
  return {position: positionOf(seq), kind: 'changed', message}
}

export function swapped(seq: number, other: number): VerifyFault {
  return {
    position: positionOf(seq),
    kind: 'swapped',
    message: `the event that belongs here is found at ${positionOf(other)}`,
  }
}
