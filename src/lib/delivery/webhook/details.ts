import {isObject} from '../../event/json.ts'

/** Since when (RFC 3339) and why an endpoint is not sent to. */
export interface Standstill {
  since: string
  reason: string
}

/** What is kept beside the cursor of an endpoint, for the next process and for `deliveries list`. */
export interface EndpointDetails {
  /** Nothing is sent until somebody enables it. */
  disabled?: Standstill
  /** It fails, and is tried now and then. */
  paused?: Standstill
  /** How long it has worked for no event, in milliseconds, counted while somebody tried. */
  failingMs?: number
}

/** The details as they were saved; what cannot be read is left out. */
export function readDetails(details: Readonly<Record<string, unknown>> = {}): EndpointDetails {
  const {failingMs} = details
  return {
    ...standstillOf('disabled', details),
    ...standstillOf('paused', details),
    ...(typeof failingMs === 'number' && {failingMs}),
  }
}

function standstillOf(key: 'disabled' | 'paused', details: Readonly<Record<string, unknown>>): EndpointDetails {
  const value = details[key]
  if (!isObject(value)) return {}
  return {[key]: {since: String(value['since'] ?? ''), reason: String(value['reason'] ?? '')}}
}
