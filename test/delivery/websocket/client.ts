import {once} from 'node:events'
import http from 'node:http'
import {WebSocket} from 'ws'
import type {StoredEvent} from '../../../src/lib/event/envelope.ts'
import {afterwards, until} from './scene.ts'

export interface ClientOptions {
  path?: string
  headers?: Record<string, string>
  protocols?: string[]
  host?: string
}

type Message = Record<string, unknown> & {type: string}

/** A plain `ws` client, and all that it got. */
export interface Client {
  ws: WebSocket
  /** Everything, in the order of its coming. */
  messages: Message[]
  /** Only events. */
  events: StoredEvent[]
  closed: Promise<{code: number; reason: string}>
  send(message: unknown): void
  /** Resolves with the first message of this type from the `after`-th message on. */
  got(type: string, after?: number): Promise<Message>
  /** Resolves when so many events are there. */
  has(count: number, timeoutMs?: number): Promise<StoredEvent[]>
  ids(): string[]
  close(): Promise<void>
}

/** Connects, and resolves with the first message, which is the welcome. */
export async function connect(port: number, options: ClientOptions = {}): Promise<Client> {
  const {path = '/', headers = {}, protocols = [], host = '127.0.0.1'} = options
  const ws = new WebSocket(`ws://${host}:${port}${path}`, protocols, {headers})
  const messages: Message[] = []
  const events: StoredEvent[] = []
  ws.on('message', (data) => {
    const message = JSON.parse(data.toString())
    messages.push(message)
    if ('eventId' in message) events.push(message)
  })
  const closed = new Promise<{code: number; reason: string}>((resolve) => {
    ws.on('close', (code, reason) => resolve({code, reason: reason.toString()}))
  })
  afterwards(() => ws.terminate())
  await once(ws, 'open')
  ws.on('error', () => undefined)
  const found = (type: string, after: number) => messages.slice(after).find((message) => message.type === type)
  const client: Client = {
    ws,
    messages,
    events,
    closed,
    send: (message) => ws.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async got(type, after = 0) {
      await until(() => found(type, after) !== undefined, `a message of type ${type} comes`)
      return found(type, after)!
    },
    async has(count, timeoutMs) {
      await until(() => events.length >= count, `${count} events are there`, timeoutMs).catch((error) => {
        throw new Error(`${error.message}; there are ${events.length}`)
      })
      return events
    },
    ids: () => events.map(({eventId}) => eventId),
    async close() {
      ws.close()
      await closed
    },
  }
  await until(() => messages.length > 0, 'the welcome is there')
  return client
}

/** Asks for a WebSocket with these headers as they are, and resolves with the status of the answer. */
export function handshake(
  port: number,
  {path = '/', headers = {}, protocols = [], host = '127.0.0.1'}: ClientOptions = {},
): Promise<{status: number; headers: http.IncomingHttpHeaders; body: string}> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host,
      port,
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...(protocols.length > 0 && {'sec-websocket-protocol': protocols.join(', ')}),
        ...headers,
      },
    })
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({status: response.statusCode ?? 0, headers: response.headers, body: ''})
    })
    request.on('response', async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve({status: response.statusCode ?? 0, headers: response.headers, body})
    })
    request.on('error', reject)
    request.end()
  })
}
