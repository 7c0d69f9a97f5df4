import {ClawError, Exit} from '../errors.ts'
import type {Position} from '../event/envelope.ts'
import {isObject} from '../event/json.ts'

/**
 * What a log was at a moment. Kept where nobody who can write the log can change it, it proves later that the history
 * up to there is the same still.
 */
export interface Anchor {
  store: string
  /** Of the newest event then; empty for a log that never had one. */
  position: Position
  /** How many events there were then. */
  events: number
  /** The hash over all of them, in hex. */
  chain: string
  /** When it was taken. */
  at: string
  /** Of a log on a server, which forgets its oldest events: hashes over stretches of it, each proven by itself. */
  segments?: readonly Segment[]
}

export interface Segment {
  /** Its first and last position. */
  from: Position
  to: Position
  chain: string
}

const chainForm = /^[0-9a-f]{64}$/
const positionForm = /^(\d{16})?$/

/** Reads what `stream head --json` wrote. INPUT_INVALID says what is wrong with `text`, which `name` tells where from. */
export function parseAnchor(text: string, name: string): Anchor {
  const value = jsonOf(text, name)
  const {store, position, events, chain, at, segments} = isObject(value) ? value : {}
  if (
    typeof store !== 'string' ||
    typeof position !== 'string' ||
    !positionForm.test(position) ||
    typeof events !== 'number' ||
    typeof chain !== 'string' ||
    !chainForm.test(chain) ||
    typeof at !== 'string' ||
    (segments !== undefined && !isSegments(segments))
  ) {
    throw invalid(name, 'it is not what `claw-events stream head --json` prints')
  }
  return {store, position, events, chain, at, ...(segments !== undefined && {segments})}
}

function isSegments(value: unknown): value is Segment[] {
  return Array.isArray(value) && value.every(isSegment)
}

function isSegment(value: unknown): boolean {
  if (!isObject(value)) return false
  const {from, to, chain} = value
  const isPlace = (position: unknown) => typeof position === 'string' && /^\d{16}$/.test(position)
  return isPlace(from) && isPlace(to) && typeof chain === 'string' && chainForm.test(chain)
}

function jsonOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    throw invalid(name, 'it is no JSON', thrown)
  }
}

function invalid(name: string, why: string, cause?: unknown): ClawError {
  return new ClawError('INPUT_INVALID', `${name} is no anchor: ${why}`, {
    exit: Exit.usage,
    cause,
    suggestions: ['make one with `claw-events stream head --json > anchor.json`'],
  })
}
