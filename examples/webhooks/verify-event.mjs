// Verifies the signature inside an event (`security.hmac`), from a webhook, the WebSocket or the event log.
import {createHmac, timingSafeEqual} from 'node:crypto'

/**
 * @param {string} body the event as it came, as text
 * @param {string} secret that of `security.hmac`
 * @param {number} tolerance how old it may be, in seconds
 */
export function verifyEvent(body, secret, tolerance = 300) {
  const {signature, ...payload} = JSON.parse(body)
  if (signature?.version !== 'v1' || !['sha256', 'sha512'].includes(signature.algorithm)) return false
  const {timestamp, nonce, algorithm} = signature
  const value = createHmac(algorithm, secret).update(JSON.stringify({timestamp, nonce, payload})).digest()
  const given = Buffer.from(String(signature.value), 'hex')
  const isFresh = Math.abs(Date.now() / 1000 - timestamp) <= tolerance
  return isFresh && given.length === value.length && timingSafeEqual(given, value)
}
