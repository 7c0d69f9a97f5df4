import {validateHeaderName, validateHeaderValue} from 'node:http'
import type {WebhookEndpoint} from '../../config/schema/delivery.ts'
import {ClawError, Exit} from '../../errors.ts'
import type {ClawEvent} from '../../event/envelope.ts'
import type {ClientRequest} from '../../net/client.ts'
import {createWebhookSigner} from './signature.ts'

export interface RequestSettings {
  endpoint: Pick<WebhookEndpoint, 'method' | 'headers' | 'authToken' | 'includeFullPayload' | 'secret'>
  correlationIdHeader: string
  /** Adds S3's signature to an event, where that is switched on. */
  signEvent?: <T extends ClawEvent>(event: T) => T
}

/** Makes the request for an event, at a time in epoch milliseconds. */
export type RequestMaker = (event: ClawEvent, now: number) => ClientRequest

/** What the connection says itself. */
const forbidden = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * A function that makes the request for an event, signed for `now` (epoch milliseconds): a receiver refuses an old
 * signature, so a retry is signed anew, under the same `webhook-id`. CONFIG_INVALID for headers that cannot be sent.
 */
export function createRequestMaker({endpoint, correlationIdHeader, signEvent}: RequestSettings): RequestMaker {
  const {method, authToken, includeFullPayload, secret} = endpoint
  const sign = secret === undefined ? undefined : createWebhookSigner([secret].flat())
  assertName(correlationIdHeader)
  const fixed = fixedHeaders(endpoint.headers, authToken, [correlationIdHeader.toLowerCase(), ...ours])

  return (event, now) => {
    const content = includeFullPayload ? (signEvent?.(event) ?? event) : {type: event.type, timestamp: event.timestamp}
    const body = Buffer.from(JSON.stringify(content))
    const id = headerText(event.eventId)
    const timestamp = Math.floor(now / 1000)
    const headers = [...fixed, 'webhook-id', id, 'webhook-timestamp', String(timestamp)]
    if (sign !== undefined) headers.push('webhook-signature', sign({id, timestamp, body}))
    headers.push(correlationIdHeader, headerText(event.correlationId))
    return {method, headers, body}
  }
}

const ours = ['webhook-id', 'webhook-timestamp', 'webhook-signature']

function fixedHeaders(given: Readonly<Record<string, string>>, token: string | undefined, taken: string[]): string[] {
  const headers = new Map([
    ['content-type', 'application/json'],
    ['user-agent', 'claw-events'],
  ])
  for (const [name, value] of Object.entries(given)) headers.set(name.toLowerCase(), value)
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  for (const name of taken) headers.delete(name)
  for (const [name, value] of headers) assertHeader(name, value)
  return [...headers].flat()
}

function assertName(name: string): void {
  try {
    validateHeaderName(name)
  } catch {
    throw unsendable(name, 'that is no name of a header')
  }
  if (forbidden.has(name.toLowerCase())) throw unsendable(name, 'the connection sets it itself')
}

function assertHeader(name: string, value: string): void {
  assertName(name)
  try {
    validateHeaderValue(name, value)
  } catch {
    // The value may be a secret.
    throw unsendable(name, 'its value holds characters that no header may hold')
  }
}

function unsendable(name: string, why: string): ClawError {
  return new ClawError('CONFIG_INVALID', `the header ${JSON.stringify(name)} cannot be sent: ${why}`, {
    exit: Exit.usage,
    suggestions: ['correct the headers of this endpoint in webhooks'],
  })
}

/** Ids are plain; those of imported events may hold anything and are then escaped as in a URL. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id.toWellFormed())
}
