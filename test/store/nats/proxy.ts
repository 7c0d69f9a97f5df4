import {once} from 'node:events'
import {connect, createServer, type Socket} from 'node:net'

export interface Proxy {
  url: string
  /** Breaks all connections, as a network does; new ones are let through. */
  cut(): void
  close(): Promise<void>
}

/** A way to a server on this machine that can be cut while the server lives on. */
export async function openProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')

  function cut(): void {
    for (const socket of sockets) socket.destroy()
  }

  return {
    url: `nats://127.0.0.1:${address.port}`,
    cut,
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
