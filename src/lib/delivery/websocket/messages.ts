import {ClawError, Exit} from '../../errors.ts'
import type {Position} from '../../event/envelope.ts'
import {isObject} from '../../event/json.ts'
import type {Filter} from '../../filter/filter.ts'
import {nearest} from '../../match/nearest.ts'
import {readFilter} from './subscription-filter.ts'

/** What a client may ask. `id` is its own word for the request, repeated in the answer. */
export type ClientMessage =
  | {
      type: 'subscribe'
      id?: string
      filter: Filter /** A position, or one of `places`. */
      from: string
      client?: string
    }
  | {type: 'unsubscribe'; id?: string}
  | {type: 'ack'; id?: string; position: Position}
  | {type: 'ping'; id?: string}

export const places = {start: 'start', now: 'now', ack: 'ack'} as const

const fields: Readonly<Record<ClientMessage['type'], readonly string[]>> = {
  subscribe: ['filter', 'from', 'client'],
  unsubscribe: [],
  ack: ['position'],
  ping: [],
}
const types = Object.keys(fields)
const longestText = 128
const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/**
 * Reads one message; undefined for what is none of ours, since programs may send what they like to a server that was
 * never listening. INPUT_INVALID or FILTER_INVALID says what is wrong.
 */
export function readMessage(text: string, now: number): ClientMessage | undefined {
  const message = parsed(text)
  if (!isObject(message) || typeof message['type'] !== 'string') return undefined
  const type = types.find((known) => known === message['type']) as ClientMessage['type'] | undefined
  if (type === undefined) throw unknown('message type', message['type'], types)
  for (const key of Object.keys(message)) {
    const known = ['type', 'id', ...fields[type]]
    if (!known.includes(key)) throw unknown(`field of ${type}`, key, known)
  }
  const id = textOf('id', message['id'])
  if (type === 'ack') return {type, id, position: textOf('position', message['position']) ?? missing('position')}
  if (type !== 'subscribe') return {type, id}
  const from = textOf('from', message['from']) ?? places.now
  const client = nameOf(message['client'])
  if (from === places.ack && client === undefined) throw invalid('from "ack" needs the name of the client in `client`')
  return {type, id, filter: readFilter(message['filter'], now), from, client}
}

/** The `id` of a message that cannot be read, where it has one. */
export function idOf(text: string): string | undefined {
  const message = parsed(text)
  const id = isObject(message) ? message['id'] : undefined
  return typeof id === 'string' && id.length <= longestText ? id : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textOf(key: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value !== '' && value.length <= longestText) return value
  throw invalid(`${key} is not a text of 1 to ${longestText} characters`)
}

function nameOf(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && nameForm.test(value)) return value
  throw invalid('client is not a name of at most 64 letters, digits, dots, hyphens and underscores')
}

function missing(key: string): never {
  throw invalid(`${key} is missing`)
}

function unknown(what: string, value: string, known: readonly string[]): ClawError {
  const meant = nearest(value.slice(0, longestText), known)
  const hint = meant ? `did you mean "${meant}"?` : `known: ${known.join(', ')}`
  return invalid(`there is no ${what} ${JSON.stringify(value.slice(0, longestText))}; ${hint}`)
}

function invalid(message: string): ClawError {
  return new ClawError('INPUT_INVALID', message, {exit: Exit.usage})
}
