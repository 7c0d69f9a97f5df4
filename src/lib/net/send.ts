import http from 'node:http'
import https from 'node:https'
import {checkedLookup, checkUrl, type DestinationPolicy} from './destination.ts'
import {HttpFault} from './http-fault.ts'

export interface HttpRequest extends DestinationPolicy {
  url: string
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string
  /** For the whole exchange: name, connection, request and response. */
  timeoutMs: number
  signal?: AbortSignal
  /** Longer responses are an error; default 1 MB. */
  maxResponseBytes?: number
}

export interface HttpResponse {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
}

const defaultMaxResponseBytes = 1_048_576

/**
 * Sends one request and reads the whole response. Redirects are errors, proxies of the environment are not used, and
 * the address that is connected to is one that was checked. Rejects with an `HttpFault` only.
 */
export async function send(request: HttpRequest): Promise<HttpResponse> {
  const url = checkUrl(request.url, request)
  const timeout = AbortSignal.timeout(request.timeoutMs)
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
  try {
    return await exchange(url, request, signal)
  } catch (error) {
    throw faultOf(error, url, request, timeout)
  }
}

function exchange(url: URL, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const secure = url.protocol === 'https:'
  const options: https.RequestOptions = {
    method: request.method ?? 'GET',
    headers: {'accept-encoding': 'identity', ...request.headers, ...lengthOf(request.body)},
    // An agent of its own: the global one may be told by the environment to use a proxy.
    agent: secure ? new https.Agent() : new http.Agent(),
    lookup: checkedLookup(request),
  }
  return new Promise((resolve, reject) => {
    // Only destroys the request if it is there already; a lookup cannot be stopped, but its result is not used.
    signal.throwIfAborted()
    const message = (secure ? https : http).request(url, options)
    const stop = () => message.destroy(new Error('stopped'))
    signal.addEventListener('abort', stop, {once: true})
    message.once('close', () => signal.removeEventListener('abort', stop))
    message.on('error', reject)
    message.on('response', (response) => {
      read(response, request.maxResponseBytes ?? defaultMaxResponseBytes).then(resolve, (error) => {
        message.destroy()
        reject(error)
      })
    })
    message.end(request.body)
  })
}

function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : {'content-length': String(Buffer.byteLength(body))}
}

async function read(response: http.IncomingMessage, limit: number): Promise<HttpResponse> {
  const status = response.statusCode ?? 0
  if (status >= 300 && status < 400 && response.headers.location !== undefined) {
    throw new HttpFault('redirect', `it redirects (status ${status}), which is not followed`)
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    length += chunk.length
    if (length > limit) throw new HttpFault('too-large', `its response is longer than ${limit} bytes`)
    chunks.push(chunk)
  }
  return {status, headers: response.headers, body: Buffer.concat(chunks).toString()}
}

function faultOf(error: unknown, url: URL, {timeoutMs, signal}: HttpRequest, timeout: AbortSignal): HttpFault {
  if (signal?.aborted) return new HttpFault('aborted', `the request to ${url.host} was stopped`, error)
  if (timeout.aborted) return new HttpFault('timeout', `${url.host} did not answer within ${timeoutMs} ms`, error)
  if (error instanceof HttpFault) return new HttpFault(error.kind, `${url.host}: ${error.message}`, error)
  return new HttpFault('connection', `no connection to ${url.host}: ${reasonOf(error)}`, error)
}

/** What went wrong on the way: the first error where several addresses were tried. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return code === undefined ? error.message : (reasons[code] ?? code)
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed by the other side',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}
