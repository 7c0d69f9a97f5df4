import http, {type IncomingMessage, type Server, type ServerResponse, STATUS_CODES} from 'node:http'
import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import type {WebSocket} from 'ws'
import {messageOf} from '../../errors.ts'
import type {Admission} from './admission.ts'
import type {WebSocketLimits} from './limits.ts'
import type {Rights} from './rights.ts'
import {chooseProtocol} from './tokens.ts'

export interface GateOptions {
  admission: Admission
  limits: WebSocketLimits
  /** How many are connected now. */
  clients: () => number
  /** Whether events arrive: what `/health` says. */
  isHealthy: () => boolean
  onClient(ws: WebSocket, socket: Socket, guest: Guest): void
  onRefused(status: number, reason: string, address: string): void
}

/** What is known of a client when it comes. */
export interface Guest {
  rights: Rights
  /** Whether it wants no events before it subscribes. */
  isQuiet: boolean
}

/** The HTTP server before the events: lets in, or refuses, before a connection becomes a WebSocket. */
export interface Gate {
  server: Server
  /** Stops listening, and drops connections that are no clients. Resolves when the last client is gone, too. */
  close(): Promise<void>
}

const plainAnswer = 'this is a WebSocket endpoint: connect with ws://'

export async function openGate(options: GateOptions): Promise<Gate> {
  const {WebSocketServer} = await import('ws')
  const {admission, limits, clients, isHealthy, onClient, onRefused} = options
  const websockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    handleProtocols: chooseProtocol,
  })
  const guests = new Map<Socket, number>()
  const server = http.createServer({shouldUpgradeCallback: isWebSocket}, answer)

  server.on('connection', (socket) => {
    guests.set(socket, performance.now())
    socket.once('close', () => guests.delete(socket))
    const [oldest] = guests.keys()
    if (guests.size <= limits.guests || oldest === undefined) return
    guests.delete(oldest)
    oldest.destroy()
  })

  // Whatever a connection is slow with, it has only so long to become a client.
  const sweep = setInterval(
    () => {
      const latest = performance.now() - limits.handshakeMs
      for (const [socket, since] of guests) {
        if (since > latest) break
        socket.destroy()
      }
    },
    Math.min(1000, limits.handshakeMs / 4),
  )

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy())
    const address = request.socket.remoteAddress ?? ''
    try {
      letIn(request, stream, head, address)
    } catch (error) {
      // An error here would end the whole process, for something that a stranger sent.
      stream.destroy()
      onRefused(500, messageOf(error), address)
    }
  })

  function letIn(request: IncomingMessage, stream: Duplex, head: Buffer, address: string): void {
    const {socket, headers, url} = request
    const decision = admission.admit({headers, url, address})
    if ('status' in decision) refuse(stream, decision.status, decision.reason, address)
    else if (clients() >= limits.clients) refuse(stream, 503, `there are ${limits.clients} clients already`, address)
    else {
      websockets.handleUpgrade(request, stream, head, (ws) => {
        guests.delete(socket)
        onClient(ws, socket, {rights: decision, isQuiet: isQuiet(url)})
      })
    }
  }

  function refuse(stream: Duplex, status: number, reason: string, address: string): void {
    onRefused(status, reason, address)
    const body = JSON.stringify({error: reason})
    const headers = Object.entries(headersOf(status, body)).map(([name, value]) => `${name}: ${value}\r\n`)
    stream.once('finish', () => stream.destroy())
    stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('')}\r\n${body}`)
  }

  function answerTo({socket, headers, url = ''}: IncomingMessage): [status: number, document: object] {
    const path = url.split('?')[0]
    if (!admission.knows({headers, address: socket.remoteAddress})) return [403, {error: 'not allowed'}]
    if (path === '/') return [426, {status: 'ok', error: plainAnswer}]
    if (path !== '/health') return [404, {error: 'not found'}]
    return isHealthy() ? [200, {status: 'ok'}] : [503, {status: 'the event log is not heard'}]
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const [status, document] = answerTo(request)
    const body = `${JSON.stringify(document)}\n`
    response.writeHead(status, headersOf(status, body)).end(body)
  }

  return {
    server,
    async close() {
      clearInterval(sweep)
      const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : undefined
      for (const socket of guests.keys()) socket.destroy()
      await closed
    },
  }
}

function isQuiet(url = ''): boolean {
  return url.includes('?') && new URLSearchParams(url.slice(url.indexOf('?') + 1)).has('quiet')
}

/** Others ask for HTTP/2 in passing, and get an ordinary answer. */
function isWebSocket({headers}: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

function headersOf(status: number, body: string): Record<string, string> {
  return {
    connection: status === 426 ? 'close, upgrade' : 'close',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    ...(status === 401 && {'www-authenticate': 'Bearer realm="claw-events"'}),
    ...(status === 426 && {upgrade: 'websocket'}),
    ...(status === 503 && {'retry-after': '5'}),
  }
}
