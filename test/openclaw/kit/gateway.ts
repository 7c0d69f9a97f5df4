import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {openSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {connectGateway, type GatewayClient} from './gateway-client.ts'
import {type Host, openclawCommand, token} from './host.ts'
import {until} from './until.ts'

/** A gateway that has nothing to do stops within 4 s; with an active run it takes minutes. */
const stopMs = 20_000

export interface Gateway {
  client: GatewayClient
  pid: number
  /** From the start of the process until it was ready. */
  startedInMs: number
  /** What it wrote to its terminal, of this start and those before it. */
  log(): string
  /** SIGTERM; resolves with the exit code, null when it had to be killed: it waits for runs that are not over. */
  stop(): Promise<number | null>
  /** SIGKILL: nothing is flushed. */
  kill9(): Promise<void>
}

/** Starts the gateway of a host and connects to it. Both may be done again after `stop` or `kill9`. */
export async function startGateway(host: Host): Promise<Gateway> {
  const start = performance.now()
  const logFile = path.join(host.folder, 'gateway.log')
  const out = openSync(logFile, 'a')
  const child = spawn(...openclawCommand(['gateway', 'run']), {
    cwd: host.folder,
    env: host.env,
    stdio: ['ignore', out, out],
  })
  // A test run that ends early leaves no gateway behind.
  const reap = () => child.kill('SIGKILL')
  process.once('exit', reap)
  child.once('exit', () => process.off('exit', reap))
  const log = () => readFileSync(logFile, 'utf8')
  const isGone = () => child.exitCode !== null || child.signalCode !== null
  const base = `http://127.0.0.1:${host.port}`
  await until(
    'the gateway is ready',
    async () => {
      if (isGone()) throw new Error(`the gateway ended:\n${log().slice(-4000)}`)
      const ready = await fetch(`${base}/readyz`).catch(() => undefined)
      return ready?.ok ? true : undefined
    },
    180_000,
  ).catch((error) => {
    child.kill('SIGKILL')
    throw new Error(`${error.message}\n${log().slice(-4000)}`)
  })
  const startedInMs = performance.now() - start
  const client = await connectGateway(base.replace('http', 'ws'), token)

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    client.close()
    if (isGone()) return child.exitCode
    const gone = once(child, 'exit')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), stopMs)
    await gone
    clearTimeout(late)
    return child.exitCode
  }

  return {
    client,
    pid: child.pid ?? 0,
    startedInMs,
    log,
    stop: () => end('SIGTERM'),
    async kill9() {
      await end('SIGKILL')
    },
  }
}
