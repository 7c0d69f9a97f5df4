import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync} from 'node:fs'
import path from 'node:path'
import {build} from 'esbuild'
import type {Order, Task} from './tasks.ts'

const cache = path.join(import.meta.dirname, '..', '..', '.cache')
const bundle = path.join(cache, 'soak', 'actor.mjs')

/** Makes one file of what the processes run: they start often. */
export async function buildActor(): Promise<void> {
  mkdirSync(path.dirname(bundle), {recursive: true})
  await build({
    entryPoints: [path.join(import.meta.dirname, 'actor.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
}

export interface Actor {
  /** SIGKILL. Resolves when all that it wrote before has been taken in. */
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  tell(order: Order): void
  /** What it complained of, the end of it. */
  complaints(): string
  /** Resolves with its first line. */
  spoken: Promise<void>
}

/** Starts a process; every whole line that it prints is given to `onLine`. */
export function startActor(task: Task, onLine: (line: string) => void): Actor {
  const child = spawn(process.execPath, [bundle, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {...process.env, NODE_COMPILE_CACHE: path.join(cache, 'test-cache')},
  })
  let rest = ''
  let complaints = ''
  const spoken = Promise.withResolvers<void>()
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
    if (lines.length > 0) spoken.resolve()
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2000)
  })
  // It may be killed while it is told something.
  child.on('error', () => undefined)
  const ended = once(child, 'close')
  return {
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    tell: (order) => void (child.connected && child.send(order, () => undefined)),
    complaints: () => complaints,
    spoken: spoken.promise,
  }
}
