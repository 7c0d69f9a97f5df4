import {type ChildProcess, spawn} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import {messageOf} from '../errors.ts'
import {BoundedOutput} from './bounded-output.ts'
import {type Failure, failure, type RunOutcome} from './outcome.ts'
import {killMarked, signalGroup} from './process-group.ts'
import {openScript, type ScriptFile, ScriptRefused} from './script-file.ts'

export interface ScriptRun {
  /** As written in the configuration: relative to the state directory. */
  path: string
  args: readonly string[]
  environment: Readonly<Record<string, string>>
  allowedDirs: readonly string[]
  stateDir: string
  /** What the script reads on its standard input. */
  input: string
  timeoutMs: number
  signal?: AbortSignal
  /** Kill also what it started in a session of its own, even if it ends well. */
  leaveNothing: boolean
}

/** A decision is a few hundred bytes; this leaves room for rewritten parameters. */
const outputLimit = 1_048_576
const errorOutputLimit = 8192
/** How long its pipes may stay open after a script has ended, for what it left running. */
const drainMs = 100
const markName = 'CLAW_EVENTS_ACTION'

/**
 * Runs a script without a shell, in a process group of its own, and gives what it printed. Never rejects. By the
 * time-out nothing of it is left: the group is asked to end shortly before (a tenth of the time, at most half a
 * second) and killed. A script that ends in time takes the rest of its group with it.
 */
export async function runScript(run: ScriptRun): Promise<RunOutcome> {
  const script = await openScript(run.path, run.allowedDirs, run.stateDir).catch((error: unknown) =>
    refusal(run, error),
  )
  if ('ok' in script) return script
  try {
    return await execute(run, script)
  } catch (error) {
    return failure('not-startable', messageOf(error))
  } finally {
    await script.close()
  }
}

function refusal(run: ScriptRun, error: unknown): Failure {
  if (error instanceof ScriptRefused) return failure('not-allowed', error.message)
  return failure('not-startable', `Script cannot be opened (${codeOf(error)}): ${run.path}`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
}

async function execute(run: ScriptRun, script: ScriptFile): Promise<RunOutcome> {
  if (run.signal?.aborted) return failure('aborted', 'Script was stopped')
  const mark = `${markName}=${randomUUID()}`
  const child = spawn(script.command, run.args, {
    cwd: script.cwd,
    env: {...run.environment, [markName]: mark.slice(markName.length + 1)},
    shell: false,
    // A group of its own, so that all of it can be signalled at once.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = end(child)
  const outcome = await watch(run, script, child, ended)
  signalGroup(child, 'SIGKILL')
  if (run.leaveNothing || (!outcome.ok && outcome.kind !== 'exit')) await killMarked(mark)
  return outcome
}

type End = {code: number | null} | {error: Error}

function end(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({error}))
    child.once('exit', (code) => resolve({code}))
  })
}

type Stop = 'timeout' | 'aborted' | 'output' | 'changed'

async function watch(
  run: ScriptRun,
  script: ScriptFile,
  child: ChildProcess,
  ended: Promise<End>,
): Promise<RunOutcome> {
  const stopped = Promise.withResolvers<Stop>()
  const graceMs = Math.min(500, run.timeoutMs / 10)
  let isAskedToEnd = false
  const ask = setTimeout(() => {
    isAskedToEnd = true
    signalGroup(child, 'SIGTERM')
  }, run.timeoutMs - graceMs)
  const kill = setTimeout(() => stopped.resolve('timeout'), run.timeoutMs)
  const onAbort = () => stopped.resolve('aborted')
  run.signal?.addEventListener('abort', onAbort, {once: true})
  try {
    const output = new BoundedOutput(child.stdout!, outputLimit, () => stopped.resolve('output'))
    const errors = new BoundedOutput(child.stderr!, errorOutputLimit)
    // A script need not read its input: a closed pipe is no fault.
    child.stdin!.on('error', () => child.stdin?.destroy())
    if (child.pid !== undefined && !(await script.isUnchanged())) stopped.resolve('changed')
    else child.stdin!.end(run.input)
    const first = await Promise.race([ended, stopped.promise])
    if (typeof first === 'string') return stopFailure(first, run, errors)
    if ('error' in first) return failure('not-startable', `spawn ${script.realPath} ${codeOf(first.error)}`)
    await drained(child)
    if (output.isTooMuch) return stopFailure('output', run, errors)
    // Ended by our own signal, shortly before the time-out.
    if (first.code === null && isAskedToEnd) return stopFailure('timeout', run, errors)
    if (first.code !== 0) return failure('exit', exitMessage(first.code, errors), errors.text())
    return {ok: true, output: output.text(), ...(errors.bytes > 0 && {diagnostics: errors.text()})}
  } finally {
    clearTimeout(ask)
    clearTimeout(kill)
    run.signal?.removeEventListener('abort', onAbort)
    child.stdin?.destroy()
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
}

/** Waits for what a script wrote last, but not for children that keep its pipes open. */
async function drained(child: ChildProcess): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>()
  child.once('close', () => resolve())
  const timer = setTimeout(resolve, drainMs)
  if (child.stdout?.closed && child.stderr?.closed) resolve()
  await promise
  clearTimeout(timer)
}

function stopFailure(stop: Stop, {timeoutMs, path: written}: ScriptRun, errors: BoundedOutput): Failure {
  switch (stop) {
    case 'timeout':
      return failure('timeout', `Script timed out after ${timeoutMs} ms`, errors.text())
    case 'aborted':
      return failure('aborted', 'Script was stopped', errors.text())
    case 'output':
      return failure('output', `Script printed more than ${outputLimit} bytes`, errors.text())
    case 'changed':
      return failure('not-allowed', `Script path is not allowed: ${written} was exchanged while it was started`)
  }
}

/** What the script wrote to its error output is for the operator, not for the agent. */
function exitMessage(code: number | null, errors: BoundedOutput): string {
  return `Script exited with code ${code} (stderr: ${errors.bytes === 0 ? '' : `${errors.bytes} bytes`})`
}
