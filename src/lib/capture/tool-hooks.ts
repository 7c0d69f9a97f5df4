import {errorOf} from '../event/dialects/payload.ts'
import {newEventId} from '../event/id.ts'
import {type Call, type Calls, correlationOf} from './calls.ts'
import {type Draft, withCuts} from './draft.ts'
import {idAt, present, valueAt} from './fields.ts'
import {contextOf, type HostCall} from './host-call.ts'
import type {Directory, Ids} from './memory.ts'
import {type Snapshot, snapshotOf} from './snapshot.ts'

export interface ToolMemory {
  calls: Calls
  directory: Directory
}

/** A call that the model asked for: its original params. None when this call was told already. */
export function toolCalled(memory: ToolMemory, host: HostCall): Draft[] {
  const taken = snapshotOf(host.event)
  const toolName = toolNameOf(host)
  const call = memory.calls.begin(host, toolName, taken.data['params'])
  if (call === undefined) return []
  return [
    toolDraft(memory, host, call, 'tool.called', taken, isOuterCall(taken.data) ? {isOuterCall: true} : undefined),
  ]
}

/**
 * How a call ended, with the params that were really used. Of a call that the guard blocked nothing: the host tells of
 * it as if it had failed, and the guard's own event says it better.
 */
export function toolEnded(memory: ToolMemory, host: HostCall): Draft[] {
  const {calls} = memory
  const taken = snapshotOf(host.event)
  const {data} = taken
  const call = calls.find(host, toolNameOf(host), data['params'])
  const isBlocked = valueAt(valueAt(data['result'], 'details'), 'status') === 'blocked'
  const hasFailed = isBlocked || (data['error'] !== undefined && data['error'] !== null)
  const before = call?.state
  if (before === 'ended') return []
  if (call !== undefined) calls.end(call)
  if (before === 'blocked' && hasFailed) return []
  const marks = {
    ...(before === 'blocked' && {ranThoughBlocked: true}),
    ...(call === undefined && host.ids.toolCallId === undefined && {isUnpaired: true}),
  }
  const draft = toolDraft(memory, host, call, hasFailed ? 'tool.error' : 'tool.completed', taken, marks)
  if (hasFailed) {
    const error = errorOf('tool.error', data)
    draft.error = error && {...error, kind: isBlocked ? 'blocked' : 'tool'}
  }
  return [draft]
}

/** A result on its way into the transcript. */
export function toolPersisted(memory: ToolMemory, host: HostCall): Draft[] {
  const call = memory.calls.find(host, toolNameOf(host))
  if (call?.isPersisted) return []
  if (call !== undefined) call.isPersisted = true
  return [toolDraft(memory, host, call, 'tool.result_persist', snapshotOf(host.event))]
}

/** An event of one call: its ids, its correlation, and whose child it runs in. */
export function toolDraft(
  {directory}: ToolMemory,
  {row, ids, ctx, at}: Pick<HostCall, 'row' | 'ids' | 'ctx' | 'at'>,
  call: Call | undefined,
  type: string,
  {data, cut}: Snapshot,
  marks?: Record<string, unknown>,
): Draft {
  const whose = idsOf(ids, call)
  const parentToolCallId = outerIdOf(whose.toolCallId)
  const toolName = data['toolName'] ?? call?.toolName
  return {
    ...whose,
    type,
    eventName: row.hook,
    source: row.kind,
    at,
    correlationId: correlationFor(whose, call, at),
    data: {
      ...data,
      ...(toolName !== undefined && {toolName}),
      ...(whose.agentId !== undefined && {agentId: whose.agentId}),
      ...(parentToolCallId !== undefined && {parentToolCallId}),
      ...lineageFields(directory, whose),
    },
    metadata: withCuts(present({...contextOf(ctx), ...marks}), {cut}),
  }
}

function correlationFor(ids: Ids, call: Call | undefined, at: number): string {
  if (call !== undefined) return call.correlationId
  return ids.toolCallId === undefined ? newEventId(at) : correlationOf(ids)
}

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

export function toolNameOf({event, ctx}: Pick<HostCall, 'event' | 'ctx'>): string | undefined {
  return idAt(event, 'toolName') ?? idAt(ctx, 'toolName')
}

/** The outer call of one that tool search made: `tool_search_code:<outer>:<tool>:<number>`. */
export function outerIdOf(toolCallId: string | undefined): string | undefined {
  return toolCallId === undefined ? undefined : /^tool_search_code:(.+):[^:]+:\d+$/.exec(toolCallId)?.[1]
}

/** A call that only carries others, each of which is told of by itself. */
export function isOuterCall(data: Record<string, unknown>): boolean {
  const {toolName, params} = data
  return toolName === 'tool_search_code' || (toolName === 'tool_call' && idAt(params, 'id') !== undefined)
}
