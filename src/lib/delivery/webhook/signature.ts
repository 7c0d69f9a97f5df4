import {createHmac, createSecretKey} from 'node:crypto'

export interface SignedMessage {
  id: string
  /** Unix seconds. */
  timestamp: number
  body: Buffer
}

/**
 * The value of `webhook-signature` (Standard Webhooks, v1) with every secret, the newest first, so that receivers may
 * change theirs while both are known. By node:crypto, since the public library hashes in JavaScript: 5 times slower
 * for 1 KB, 13 times for 5 MB. Tests verify with the library.
 */
export function createWebhookSigner(secrets: readonly string[]): (message: SignedMessage) => string {
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')))
  return ({id, timestamp, body}) =>
    keys
      .map((key) => createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64'))
      .map((digest) => `v1,${digest}`)
      .join(' ')
}
