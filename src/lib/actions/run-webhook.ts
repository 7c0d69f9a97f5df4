import {HttpFault, type HttpFaultKind} from '../net/http-fault.ts'
import {send} from '../net/send.ts'
import {type FailureKind, failure, type RunOutcome} from './outcome.ts'

export interface WebhookRun {
  url: string
  method?: 'POST' | 'PUT' | 'PATCH'
  headers?: Readonly<Record<string, string>>
  authToken?: string
  allowPrivate?: boolean
  body: string
  timeoutMs: number
  signal?: AbortSignal
}

const responseLimit = 1_048_576

const failures: Readonly<Record<HttpFaultKind, FailureKind>> = {
  url: 'not-startable',
  address: 'address',
  redirect: 'redirect',
  connection: 'connection',
  timeout: 'timeout',
  aborted: 'aborted',
  'too-large': 'output',
}

/** Sends the payload to a webhook and gives the body of its response. Never rejects. */
export async function runWebhook(run: WebhookRun): Promise<RunOutcome> {
  const {method = 'POST', headers, authToken, ...rest} = run
  try {
    const {status, body} = await send({
      ...rest,
      method,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'claw-events',
        ...lowerCase(headers),
        ...(authToken && {authorization: `Bearer ${authToken}`}),
      },
      maxResponseBytes: responseLimit,
    })
    if (status >= 200 && status < 300) return {ok: true, output: body}
    return failure('status', `Webhook action failed with status ${status}`)
  } catch (error) {
    if (error instanceof HttpFault) return failure(failures[error.kind], `Webhook action failed: ${error.message}`)
    // A header that HTTP does not allow. Its value may be a secret.
    return failure('not-startable', 'Webhook action failed: its headers cannot be sent')
  }
}

/** One spelling, so that a header of the configuration takes the place of ours. */
function lowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
