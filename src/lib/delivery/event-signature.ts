import {createHmac, randomUUID} from 'node:crypto'
import type {ClawEvent} from '../event/envelope.ts'

/** The signature inside an event, as S3 has it. */
export interface EventSignature {
  version: 'v1'
  algorithm: 'sha256' | 'sha512'
  /** Unix seconds. */
  timestamp: number
  nonce: string
  /** HMAC in hex over `JSON.stringify({timestamp, nonce, payload})`, payload being the event without `signature`. */
  value: string
}

export interface EventSigning {
  secret: string
  algorithm: 'sha256' | 'sha512'
  /** Epoch milliseconds. */
  now: () => number
  newNonce?: () => string
}

/**
 * A function that adds `signature` as the last field of an event that is about to be sent. It verifies as received:
 * take `signature` out of the parsed event and sign the rest again; nothing is added to an event after this.
 */
export function createEventSigner({secret, algorithm, now, newNonce = randomUUID}: EventSigning) {
  return <T extends ClawEvent>(event: T): T & {signature: EventSignature} => {
    const timestamp = Math.floor(now() / 1000)
    const nonce = newNonce()
    const {signature: _old, ...payload} = event as T & {signature?: unknown}
    const value = createHmac(algorithm, secret).update(JSON.stringify({timestamp, nonce, payload})).digest('hex')
    return {...event, signature: {version: 'v1', algorithm, timestamp, nonce, value}}
  }
}
