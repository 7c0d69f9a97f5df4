import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {type ActionRunnerOptions, createActionRunner} from '../../src/lib/actions/runner.ts'

/** A folder of its own in which scripts may lie, and a runner for them. */
export interface ScriptFolder {
  dir: string
  /** Writes a shell script that may be executed; gives its path. */
  script(name: string, body: string, mode?: number): string
  runner(options?: Partial<ActionRunnerOptions>): ReturnType<typeof createActionRunner>
  remove(): void
}

export function makeScriptFolder(): ScriptFolder {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'claw-actions-'))
  const allowed = path.join(dir, 'allowed')
  mkdirSync(allowed)
  return {
    dir,
    script(name, body, mode = 0o755) {
      const file = path.join(dir, name)
      mkdirSync(path.dirname(file), {recursive: true})
      writeFileSync(file, `#!/bin/sh\n${body}\n`, {mode})
      return file
    },
    runner: (options) =>
      createActionRunner({
        allowedActionDirs: [allowed],
        localScriptDefaults: {timeoutMs: 10_000, maxPayloadBytes: 65_536},
        stateDir: dir,
        environment: {PATH: process.env['PATH'], HOME: dir},
        ...options,
      }),
    remove: () => rmSync(dir, {recursive: true, force: true}),
  }
}

/** Whether a process is there and not just waiting to be buried by its parent. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/\) [ZX] /.test(stat)
  } catch {
    return false
  }
}
