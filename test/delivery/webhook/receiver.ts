import type http from 'node:http'
import {onTestFinished} from 'vitest'
import {type LocalServer, startServer} from '../../net/local-server.ts'

/** What the receiver does with the `count`th request (from 1) of an event: a status, or an answer of its own. */
export type Behaviour = (id: string, count: number, response: http.ServerResponse) => number | undefined

export interface Receiver extends LocalServer {
  /** Ids of the events that it took (2xx), in the order of arrival, repeats included. */
  taken: string[]
  /** Requests of an event so far. */
  requestsOf(id: string): number
  behave(behaviour: Behaviour): void
}

/** A webhook receiver on the loopback address; takes everything unless told otherwise. */
export async function startReceiver(behaviour: Behaviour = () => 200, port = 0): Promise<Receiver> {
  const taken: string[] = []
  const counts = new Map<string, number>()
  let current = behaviour
  const server = await startServer(
    (request, response) => {
      const id = String(request.headers['webhook-id'])
      const count = (counts.get(id) ?? 0) + 1
      counts.set(id, count)
      const status = current(id, count, response)
      if (status === undefined) return
      if (status >= 200 && status < 300) taken.push(id)
      response.writeHead(status).end('ok')
    },
    '127.0.0.1',
    port,
  )
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= server.close()
    return closed
  }
  onTestFinished(close)
  return {
    ...server,
    close,
    taken,
    requestsOf: (id) => counts.get(id) ?? 0,
    behave(next) {
      current = next
    },
  }
}
