import {eventMs, foldEvent, type RunEvent} from './fold.ts'
import {createLineage} from './lineage.ts'
import type {Run, Step} from './model.ts'
import {createRecent} from './recent.ts'
import {type Keep, type RunFold, startRun} from './run-fold.ts'
import {announcedRunOf} from './spawns.ts'

/** Puts runs together from a log that is read once, in bounded memory. */
export interface RunBook {
  /** False: the event belongs to no run. */
  add(event: RunEvent): boolean
  /** Runs of which nothing more is to be expected, each once; with `all`, those that are left, too. */
  take(options?: {all?: boolean}): Iterable<ClosedRun>
}

export interface ClosedRun extends Run {
  /** The run from which it and all around it came: itself, where nobody started it. */
  rootRunId: string
  /** Events of it came after it was taken: this is the rest. */
  isRest: boolean
}

export interface BookOptions {
  keep: Keep
  /** A run is given out when so many events of the log came after its end: hooks tell of it a little later. */
  settleEvents?: number
  /** Runs that are put together at one time; then the one that was silent for longest is given out as it is. */
  openLimit?: number
}

const remembered = 100_000
/** Runs that were started by runs; the host allows five levels. */
const deepest = 64

export function createRunBook({keep, settleEvents = 1000, openLimit = 10_000}: BookOptions): RunBook {
  const open = new Map<string, RunFold>()
  /** Runs that have ended, with the number of the event by which they did. */
  const ended = new Map<string, number>()
  const taken = createRecent<true>(remembered)
  const runOfCall = createRecent<string>(remembered)
  const sessionOfRun = createRecent<string>(remembered)
  const lineage = createLineage()
  let events = 0

  function runIdOf({runId, toolCallId, sessionKey, sessionId}: RunEvent): string | undefined {
    if (toolCallId === undefined) return runId
    const call = `${sessionKey ?? sessionId ?? ''} ${toolCallId}`
    if (runId !== undefined) runOfCall.set(call, runId)
    return runId ?? runOfCall.get(call)
  }

  function foldOf(runId: string, event: RunEvent): RunFold {
    const fold = open.get(runId) ?? startRun(runId, event.agentId, eventMs(event), keep)
    open.delete(runId)
    open.set(runId, fold)
    return fold
  }

  function callOf(runId: string, toolCallId?: string) {
    const fold = open.get(runId)
    if (toolCallId !== undefined) {
      const calls = fold?.calls.get(`id ${toolCallId}`)
      return calls && {toolCallId, nth: calls.length - 1}
    }
    const step = fold?.run.steps.findLast(isSpawning)
    return step?.kind === 'tool' ? {toolCallId: step.toolCallId, nth: step.nth} : undefined
  }

  function sessionOf(runId: string): string | undefined {
    return open.get(runId)?.run.sessionKey ?? sessionOfRun.get(runId)
  }

  /** The run at the top, which nobody started that is known. */
  function rootOf(run: Run): string {
    let top: {runId: string; sessionKey?: string} = run
    for (let level = 0; level < deepest; level++) {
      const above = lineage.parentOf(top)
      if (above === undefined) break
      top = {runId: above.runId, sessionKey: sessionOf(above.runId)}
    }
    return top.runId
  }

  function close(runId: string): ClosedRun {
    const {run} = open.get(runId)!
    const parent = lineage.parentOf(run)
    const announces = announcedRunOf(runId)
    const isRest = taken.get(runId) ?? false
    const rootRunId = rootOf(run)
    open.delete(runId)
    ended.delete(runId)
    taken.set(runId, true)
    if (run.sessionKey !== undefined) sessionOfRun.set(runId, run.sessionKey)
    return {...run, rootRunId, ...(parent && {parent}), ...(announces !== undefined && {announces}), isRest}
  }

  return {
    add(event) {
      events++
      lineage.learn(event, callOf)
      const runId = event.type.startsWith('subagent.') ? undefined : runIdOf(event)
      if (runId === undefined) return false
      const fold = foldOf(runId, event)
      foldEvent(fold, event)
      if (fold.run.status !== 'running' && !ended.has(runId)) ended.set(runId, events)
      return true
    },
    *take({all = false} = {}) {
      for (const [runId, at] of ended) {
        if (!all && events - at < settleEvents) break
        yield close(runId)
      }
      while (open.size > (all ? 0 : openLimit)) yield close(open.keys().next().value!)
    },
  }
}

function isSpawning(step: Step): boolean {
  return step.kind === 'tool' && step.endMs === undefined && /spawn/i.test(step.toolName)
}
