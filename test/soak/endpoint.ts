import {startServer} from '../net/local-server.ts'
import type {Random} from './random.ts'

export interface Endpoint {
  url: string
  /** Ids of the events that it took, in the order of arrival. */
  taken: string[]
  close(): Promise<void>
}

/** A receiver of webhooks that now and then fails, or takes an event without saying so. */
export async function startEndpoint(random: Random): Promise<Endpoint> {
  const taken: string[] = []
  const server = await startServer((request, response) => {
    const chance = random.next()
    const isTaken = chance > 0.02
    if (isTaken) taken.push(String(request.headers['webhook-id']))
    // Kept from the test server, whose memory of requests would grow with the run.
    server.requests.length = 0
    if (chance > 0.03) response.writeHead(isTaken ? 200 : 503).end()
    else if (chance > 0.01) response.writeHead(503).end()
    else response.destroy()
  })
  return {url: server.url, taken, close: server.close}
}
