import {type ChildProcess, spawn} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

export const bin = path.join(import.meta.dirname, '..', 'bin', 'run.js')

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

/** A folder for one test: its own state directory and home, gone when the test is over. */
export interface Sandbox {
  folder: string
  env: Record<string, string>
  /** Runs the built command line to its end. */
  run(args: readonly string[], options?: {input?: string; env?: Record<string, string>}): Promise<Finished>
  /** Starts it and leaves it running. */
  start(args: readonly string[], options?: {env?: Record<string, string>}): Running
  remove(): void
}

export interface Running {
  child: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves when the text is on stdout or stderr; fails after `timeoutMs`, showing both. */
  until(text: string | RegExp, timeoutMs?: number): Promise<void>
  finished: Promise<Finished>
}

export function sandbox(): Sandbox {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-e2e-'))
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    OPENCLAW_STATE_DIR: path.join(folder, 'state'),
    // One compile cache for all tests: each sandbox would otherwise compile everything anew.
    XDG_CACHE_HOME: path.join(import.meta.dirname, '..', '.cache', 'test-cache'),
  }
  const start: Sandbox['start'] = (args, options = {}) => running(args, {cwd: folder, env: {...env, ...options.env}})
  return {
    folder,
    env,
    start,
    run(args, {input, ...options} = {}) {
      const process = start(args, options)
      process.child.stdin?.end(input ?? '')
      return process.finished
    },
    remove: () => rmSync(folder, {recursive: true, force: true}),
  }
}

function running(args: readonly string[], options: {cwd: string; env: Record<string, string>}): Running {
  const child = spawn(process.execPath, [bin, ...args], {...options, stdio: ['pipe', 'pipe', 'pipe']})
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const look of waiting) look()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    changed()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    changed()
  })
  const finished = new Promise<Finished>((resolve) => child.on('close', (code) => resolve({code, stdout, stderr})))
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    finished,
    until(text, timeoutMs = 15_000) {
      return new Promise((resolve, reject) => {
        const found = () => (typeof text === 'string' ? (stdout + stderr).includes(text) : text.test(stdout + stderr))
        const end = (result: () => void) => {
          waiting.delete(look)
          clearTimeout(timer)
          result()
        }
        const look = () => found() && end(resolve)
        const timer = setTimeout(
          () => end(() => reject(new Error(`no ${text} within ${timeoutMs} ms\nstdout: ${stdout}\nstderr: ${stderr}`))),
          timeoutMs,
        )
        waiting.add(look)
        void finished.then(() =>
          found()
            ? end(resolve)
            : end(() => reject(new Error(`ended without ${text}\nstdout: ${stdout}\nstderr: ${stderr}`))),
        )
        look()
      })
    },
  }
}

export function linesOf(stdout: string): string[] {
  return stdout.split('\n').filter((line) => line !== '')
}
