import {hash} from 'node:crypto'

/**
 * The hash chain over the bodies' digests. Text in, so that it can be checked with any SHA-256 tool: the link of an
 * event is the SHA-256 of `<link before><digest> <seq> <stored_at> <event id>`, digests and links in lower-case hex.
 * The body is in it by its digest only, so that a body can be erased later without breaking the chain.
 */
export function chainLink(before: string, digest: string, seq: number, storedAt: number, eventId: string): string {
  return hash('sha256', `${before}${digest} ${seq} ${storedAt} ${eventId}`, 'hex')
}

/** SHA-256 of an event's JSON, in hex. */
export function bodyDigest(body: string): string {
  return hash('sha256', body, 'hex')
}
