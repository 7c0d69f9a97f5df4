import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {connect as connectSocket, createServer} from 'node:net'
import {tmpdir} from 'node:os'
import path from 'node:path'

export type NatsBinary = 'current' | '2.9'

/** The servers that everything about JetStream is tested on. */
export const natsBinaries: readonly NatsBinary[] = ['2.9', 'current']

export interface NatsServer {
  url: string
  port: number
  /** As the server says it: `2.9.10`. */
  version: string
  /** A folder of its own, removed by `stop`: a place for certificates and the like. */
  folder: string
  /** SIGKILL: nothing is flushed. Resolves when the process is gone. */
  kill9(): Promise<void>
  /** SIGTERM: as an operator stops it. Resolves when the process is gone. */
  shutDown(): Promise<void>
  /** Starts it again on the same port with the same data, if it is down. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open and nobody answers. */
  freeze(): void
  thaw(): void
  /** Ends the server, if it runs, and removes its data. */
  stop(): Promise<void>
}

export interface NatsOptions {
  binary?: NatsBinary
  /** Added to the configuration file; `{folder}` in it stands for the server's own folder. */
  config?: string
  jetstream?: boolean
  /** Gets the server's folder before the server starts, to put files there. */
  prepare?: (folder: string) => void
  /** Where it listens; 127.0.0.1. */
  host?: string
  /** A command that the server is run by, such as one that puts it into a network of its own. */
  runBy?: readonly string[]
}

/** Starts a nats-server with JetStream on a free port of this machine and a data folder of its own. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  const {binary = 'current', config = '', jetstream = true, prepare, host = '127.0.0.1', runBy = []} = options
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-nats-'))
  const configFile = path.join(folder, 'server.conf')
  prepare?.(folder)
  let port = 0
  let version = ''
  let running: ChildProcess | undefined

  async function start(): Promise<void> {
    const lines = [`listen: "${host}:${port}"`, config.replaceAll('{folder}', folder)]
    if (jetstream) lines.push(`jetstream { store_dir: ${JSON.stringify(path.join(folder, 'data'))} }`)
    writeFileSync(configFile, lines.join('\n'))
    const log = path.join(folder, 'server.log')
    const [command = '', ...args] = [...runBy, binaryPath(binary), '-c', configFile, '-l', log]
    const server = spawn(command, args, {stdio: 'ignore'})
    running = server
    const ended = once(server, 'exit').then(() => {
      throw new Error(`nats-server ended: ${readFileSync(log, 'utf8').slice(-2000)}`)
    })
    ended.catch(() => undefined)
    version = await Promise.race([greeting(host, port), ended])
  }

  function isOver(server: ChildProcess): boolean {
    return server.exitCode !== null || server.signalCode !== null
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const server = running
    running = undefined
    if (!server || isOver(server)) return
    const gone = once(server, 'exit')
    server.kill(signal)
    await gone
  }
  const kill9 = () => end('SIGKILL')

  // Between finding a free port and taking it somebody else may take it.
  for (let attempt = 1; ; attempt++) {
    port = await freePort()
    try {
      await start()
      break
    } catch (error) {
      await kill9()
      if (attempt === 3) throw error
    }
  }

  return {
    url: `nats://${host}:${port}`,
    port,
    version,
    folder,
    kill9,
    shutDown: () => end('SIGTERM'),
    async restart() {
      if (!running || isOver(running)) await start()
    },
    freeze: () => void running?.kill('SIGSTOP'),
    thaw: () => void running?.kill('SIGCONT'),
    async stop() {
      await kill9()
      rmSync(folder, {recursive: true, force: true})
    },
  }
}

/** The binary that `npm test` passes on, or the one that the script finds. */
export function binaryPath(binary: NatsBinary): string {
  const given = process.env[binary === 'current' ? 'NATS_SERVER' : 'NATS_SERVER_2_9']
  if (given) return given
  const script = path.join(import.meta.dirname, '..', 'scripts', 'nats-server.mjs')
  return execFileSync(process.execPath, [script, binary], {encoding: 'utf8'}).trim()
}

/** A port of the loopback address that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** The server's version, from its INFO line: it greets once JetStream has recovered its streams. */
async function greeting(host: string, port: number): Promise<string> {
  const deadline = performance.now() + 20_000
  while (performance.now() < deadline) {
    const socket = connectSocket(port, host)
    const line = await new Promise<string>((resolve) => {
      socket.once('data', (chunk) => resolve(chunk.toString()))
      socket.once('error', () => resolve(''))
      socket.once('close', () => resolve(''))
    })
    socket.destroy()
    const found = /^INFO .*"version":"([^"]+)"/.exec(line)?.[1]
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`nats-server at ${host}:${port} did not greet within 20 s`)
}
