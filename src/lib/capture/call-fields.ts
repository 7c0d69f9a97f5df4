import type {Call} from './calls.ts'
import {idAt, present, valueAt} from './fields.ts'
import type {Directory, Ids} from './memory.ts'

/** A later hook knows less of a call than the first one did. */
export function idsOf(ids: Ids, call: Call | undefined): Ids {
  if (call === undefined) return ids
  return {
    agentId: call.agentId ?? ids.agentId,
    sessionId: call.sessionId ?? ids.sessionId,
    sessionKey: call.sessionKey ?? ids.sessionKey,
    runId: call.runId ?? ids.runId,
    toolCallId: call.toolCallId ?? ids.toolCallId,
  }
}

/** The event-server plugin's names for the parent of a child session. */
export function lineageFields(directory: Directory, {sessionKey}: Ids): Record<string, unknown> | undefined {
  const lineage = directory.lineage(sessionKey)
  if (lineage !== undefined) {
    const {subagentKey, parentAgentId, parentSessionId, parentSessionKey} = lineage
    return present({subagentKey, parentAgentId, parentSessionId, parentSessionKey})
  }
  // Spawned before this process began: the key says what it is, nobody says whose.
  return sessionKey?.includes(':subagent:') ? {subagentKey: sessionKey} : undefined
}

/** The outer call of one that tool search made: `tool_search_code:<outer>:<tool>:<number>`. */
export function outerIdOf(toolCallId: string | undefined): string | undefined {
  return toolCallId === undefined ? undefined : /^tool_search_code:(.+):[^:]+:\d+$/.exec(toolCallId)?.[1]
}

/** A call that only carries others, each of which is told of by itself. */
export function isOuterCall(data: Record<string, unknown>): boolean {
  const toolName = valueAt(data, 'toolName')
  return (
    toolName === 'tool_search_code' || (toolName === 'tool_call' && idAt(valueAt(data, 'params'), 'id') !== undefined)
  )
}
