import type {ClawEvent} from '../envelope.ts'
import type {SpawnPlace} from './model.ts'
import {createRecent} from './recent.ts'
import {announcedRunOf, type Spawn, spawnIn} from './spawns.ts'

/** Which run was started by which, as the events come. */
export interface Lineage {
  learn(event: ClawEvent, callOf: FindCall): void
  parentOf(run: {runId: string; sessionKey?: string}): SpawnPlace | undefined
}

/**
 * The newest call of a run with this id; without one, that which is about to start another run. Undefined: not known.
 */
export type FindCall = (runId: string, toolCallId?: string) => Omit<SpawnPlace, 'runId'> | undefined

/** How many children are remembered, and sessions with their newest run. */
const remembered = 100_000
/** Subagents of subagents: the host allows five levels. */
const deepest = 64

export function createLineage(): Lineage {
  const byRun = createRecent<SpawnPlace>(remembered)
  const bySession = createRecent<SpawnPlace>(remembered)
  const newestRun = createRecent<string>(remembered)

  function placeOf(spawn: Spawn, callOf: FindCall): SpawnPlace | undefined {
    const {parentRunId, parentSessionKey, toolCallId} = spawn
    const runId = parentRunId ?? (parentSessionKey === undefined ? undefined : newestRun.get(parentSessionKey))
    if (runId === undefined || runId === spawn.childRunId) return undefined
    return {runId, nth: 0, ...(toolCallId !== undefined && {toolCallId}), ...callOf(runId, toolCallId)}
  }

  function parentOf({runId, sessionKey}: {runId: string; sessionKey?: string}): SpawnPlace | undefined {
    const announced = announcedRunOf(runId)
    // What reports the end of a child belongs to the run that started it.
    if (announced !== undefined) {
      const starter = byRun.get(announced)
      return starter && {runId: starter.runId, nth: 0}
    }
    return byRun.get(runId) ?? (sessionKey === undefined ? undefined : bySession.get(sessionKey))
  }

  function isAbove(runId: string, {runId: from}: SpawnPlace): boolean {
    let above: string | undefined = from
    for (let level = 0; above !== undefined && level < deepest; level++) {
      if (above === runId) return true
      above = byRun.get(above)?.runId
    }
    return above !== undefined
  }

  return {
    learn(event, callOf) {
      const {runId, sessionKey} = event
      const spawn = spawnIn(event)
      if (spawn) {
        const {childRunId, childSessionKey, toolCallId} = spawn
        const place = placeOf(spawn, callOf)
        const known = childRunId === undefined ? bySession.get(childSessionKey) : byRun.get(childRunId)
        // The call itself knows better than the hook; what was known of a call stays.
        if (place && (known === undefined || (toolCallId !== undefined && known.toolCallId !== toolCallId))) {
          if (childRunId !== undefined && !isAbove(childRunId, place)) byRun.set(childRunId, place)
          if (bySession.get(childSessionKey)?.toolCallId === undefined) bySession.set(childSessionKey, place)
        }
      }
      if (runId !== undefined && sessionKey !== undefined && !event.type.startsWith('subagent.'))
        newestRun.set(sessionKey, runId)
    },
    parentOf(run) {
      const place = parentOf(run)
      return place === undefined || isAbove(run.runId, place) ? undefined : place
    },
  }
}
