import {once} from 'node:events'
import http from 'node:http'
import type {AddressInfo} from 'node:net'

export interface LocalServer {
  url: string
  port: number
  requests: Array<{method: string; url: string; headers: http.IncomingHttpHeaders; body: string}>
  close(): Promise<void>
}

/** A real HTTP server on the loopback address that keeps what it was sent. */
export async function startServer(
  answer: http.RequestListener,
  host = '127.0.0.1',
  wantedPort = 0,
): Promise<LocalServer> {
  const requests: LocalServer['requests'] = []
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    requests.push({
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    })
    answer(request, response)
  })
  server.listen(wantedPort, host)
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  return {
    url: `http://${host}:${port}`,
    port,
    requests,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
