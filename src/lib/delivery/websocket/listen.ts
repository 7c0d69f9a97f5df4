import type {Server} from 'node:http'

export interface ListenFault {
  port: number
  /** `EADDRINUSE` and the like. */
  code: string
}

/** Listens on the first port that is free, and tells which; otherwise why none was. */
export async function listenOnFirst(
  server: Server,
  host: string,
  ports: readonly number[],
): Promise<{port: number} | {faults: ListenFault[]}> {
  const faults: ListenFault[] = []
  for (const port of ports) {
    const code = await listen(server, host, port)
    if (code === undefined) return {port: boundPort(server) ?? port}
    faults.push({port, code})
  }
  return {faults}
}

function boundPort(server: Server): number | undefined {
  const address = server.address()
  return typeof address === 'object' ? address?.port : undefined
}

/** Undefined, or the code of what went wrong. */
function listen(server: Server, host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off('listening', listening)
      resolve(error.code ?? error.message)
    }
    const listening = () => {
      server.off('error', failed)
      resolve(undefined)
    }
    server.once('error', failed)
    server.once('listening', listening)
    server.listen({port, host: host.replace(/^\[|\]$/g, ''), exclusive: true})
  })
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'in use',
  EACCES: 'not allowed for this user',
  EADDRNOTAVAIL: 'no address of this machine',
  ENOTFOUND: 'not known as a name',
}

/** Which ports of the address could not be opened, and why. */
export function listenFaultText(host: string, faults: readonly ListenFault[]): string {
  return `no port could be opened on ${host}: ${faults.map(({port, code}) => `${port} (${reasons[code] ?? code})`).join(', ')}`
}
