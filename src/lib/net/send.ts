import http from 'node:http'
import https from 'node:https'
import {connectionReason} from './connection-reason.ts'
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
  return new HttpFault('connection', `no connection to ${url.host}: ${connectionReason(error)}`, error)
}
