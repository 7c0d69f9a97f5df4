import {messageOf} from '../../errors.ts'
import type {ClientAnswer} from '../../net/client.ts'
import {HttpFault} from '../../net/http-fault.ts'
import {retryAfterMs} from './retry-after.ts'

/** What came of one attempt. Reasons name the host at most: URLs and headers of webhooks are secrets. */
export type Outcome =
  | {kind: 'delivered'}
  /** It may go better later; `waitMs` is what the endpoint asked for. */
  | {kind: 'failed'; reason: string; waitMs?: number}
  /** The endpoint will never take this event. */
  | {kind: 'refused'; reason: string}
  /** The endpoint wants no more events at all. */
  | {kind: 'gone'; reason: string}
  /** We stopped it. */
  | {kind: 'aborted'}

/** Statuses below 500 that say nothing about the event. */
const passing = new Set([408, 425, 429])

/** What an answer means for the delivery; `now` is epoch milliseconds. */
export function outcomeOf({status, headers}: ClientAnswer, now: number): Outcome {
  if (status >= 200 && status < 300) return {kind: 'delivered'}
  const reason = `status ${status}`
  if (status === 410) return {kind: 'gone', reason: `${reason}: the endpoint wants no more events`}
  if (status >= 500 || passing.has(status)) {
    return {kind: 'failed', reason, waitMs: retryAfterMs(headers['retry-after'], now)}
  }
  if (status < 400) return {kind: 'refused', reason: `${reason}: it redirects, which is not followed`}
  return {kind: 'refused', reason}
}

/** What a request without an answer means. */
export function outcomeOfFault(fault: unknown): Outcome {
  if (fault instanceof HttpFault && fault.kind === 'aborted') return {kind: 'aborted'}
  return {kind: 'failed', reason: messageOf(fault)}
}
