import type {IncomingHttpHeaders} from 'node:http'
import type {Dispatcher} from 'undici'
import {connectionReason} from './connection-reason.ts'
import {checkedLookup, checkUrl, type DestinationPolicy} from './destination.ts'
import {HttpFault} from './http-fault.ts'

export interface HttpClientOptions extends DestinationPolicy {
  /** Where every request goes. */
  url: string
  /** Connections that are kept open, and so requests at the same time. */
  connections: number
  /** For a whole exchange: name, connection, request and response. */
  timeoutMs: number
}

export interface ClientRequest {
  method: string
  /** Names and values in turns. */
  headers: string[]
  body: Buffer
}

export interface ClientAnswer {
  status: number
  headers: IncomingHttpHeaders
}

/** Sends many requests to one URL over connections that stay open. */
export interface HttpClient {
  /**
   * Resolves with the status once the response has ended, or is longer or slower than anybody needs: its body is
   * thrown away. Rejects with an `HttpFault` only. Redirects are not followed, proxies of the environment not used.
   */
  send(request: ClientRequest): Promise<ClientAnswer>
  /** Ends all connections; what is under way is rejected as `aborted`. */
  close(): Promise<void>
}

/** A response may be this long before its connection is given up instead of read to the end. */
const longestResponse = 65_536

/**
 * A client for one URL. Names are resolved anew for each connection, and the address that is connected to is one that
 * was checked. Rejects with an `HttpFault` for a URL that may not be connected to; nothing is sent before.
 */
export async function openHttpClient(options: HttpClientOptions): Promise<HttpClient> {
  const url = checkUrl(options.url, options)
  const {timeoutMs, connections} = options
  // Bundled, a CommonJS library has its default export only.
  const {
    default: {Client, Pool},
  } = await import('undici')
  const settings = {
    pipelining: 1,
    allowH2: false,
    // One timer of ours ends an exchange; these come after it.
    headersTimeout: 2 * timeoutMs,
    bodyTimeout: 2 * timeoutMs,
    connect: {lookup: checkedLookup(options), timeout: timeoutMs},
  }
  // A pool of one would cost a seventh more for each request.
  const dispatcher =
    connections === 1 ? new Client(url.origin, settings) : new Pool(url.origin, {...settings, connections})
  const login = loginOf(url)
  const path = `${url.pathname}${url.search}`
  let isClosed = false
  return {
    async send({method, headers, body}) {
      const withLogin = login === undefined || hasLogin(headers) ? headers : [...headers, 'authorization', login]
      try {
        return await exchange(dispatcher, {path, method, headers: withLogin, body}, timeoutMs)
      } catch (error) {
        throw faultOf(error, url, timeoutMs, isClosed)
      }
    },
    async close() {
      isClosed = true
      await dispatcher.destroy()
    },
  }
}

type Exchange = ClientRequest & {path: string}

function exchange(dispatcher: Dispatcher, request: Exchange, timeoutMs: number): Promise<ClientAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined
    let answer: ClientAnswer | undefined
    let isOver = false
    let length = 0

    function end(error?: Error): void {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      // With a status the request has been answered, whatever happens to the rest of the response.
      if (answer !== undefined) resolve(answer)
      else reject(error)
    }

    function giveUp(): void {
      end(new LateResponse())
      controller?.abort(new LateResponse())
    }

    const timer = setTimeout(giveUp, timeoutMs)
    dispatcher.dispatch(request, {
      onRequestStart(started) {
        controller = started
        if (isOver) started.abort(new LateResponse())
      },
      onResponseStart(_controller, status, headers) {
        if (status >= 200) answer = {status, headers}
      },
      onResponseData(_controller, chunk) {
        length += chunk.length
        if (length > longestResponse) giveUp()
      },
      onResponseEnd: () => end(),
      onResponseError: (_controller, error) => end(error),
    })
  })
}

class LateResponse extends Error {}

function loginOf({username, password}: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}

/** As the URL means it; a `%` that escapes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function hasLogin(headers: readonly string[]): boolean {
  return headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization')
}

function faultOf(error: unknown, {host}: URL, timeoutMs: number, isClosed: boolean): HttpFault {
  if (isClosed) return new HttpFault('aborted', `the request to ${host} was stopped`, error)
  if (error instanceof LateResponse) {
    return new HttpFault('timeout', `${host} did not answer within ${timeoutMs} ms`, error)
  }
  if (error instanceof HttpFault) return new HttpFault(error.kind, `${host}: ${error.message}`, error)
  return new HttpFault('connection', `no connection to ${host}: ${connectionReason(error)}`, error)
}
