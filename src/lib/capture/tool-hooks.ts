import {errorOf, isFailure} from '../event/dialects/payload.ts'
import {newEventId} from '../event/id.ts'
import {idsOf, isOuterCall, lineageFields, outerIdOf} from './call-fields.ts'
import {type Call, type Calls, correlationOf} from './calls.ts'
import {type Draft, withCuts} from './draft.ts'
import {idAt, present, valueAt} from './fields.ts'
import type {HeldTools} from './held-tools.ts'
import {contextOf, type HostCall} from './host-call.ts'
import type {Directory, Ids} from './memory.ts'
import {type Snapshot, snapshotOf} from './snapshot.ts'

export interface ToolMemory {
  calls: Calls
  held: HeldTools
  directory: Directory
}

/** A call that the model asked for: its original params. None when this call was told already. */
export function toolCalled(memory: ToolMemory, host: HostCall): Draft[] {
  const taken = snapshotOf(host.event)
  const toolName = toolNameOf(host)
  const call = memory.calls.begin(host, toolName, valueAt(taken.data, 'params'))
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
  const {calls, held} = memory
  const taken = snapshotOf(host.event)
  const {data} = taken
  const toolName = toolNameOf(host)
  const known = calls.find(host, toolName, valueAt(data, 'params'))
  if (known?.state === 'ended') return []
  // Somebody before us blocked it, or it began before this process.
  const call = known ?? (host.ids.toolCallId === undefined ? undefined : calls.announce(host, toolName))
  const begun = held.hookEnded(host.ids, call)
  const wasBlocked = call?.state === 'blocked'
  if (call !== undefined) calls.end(call)
  const isBlocked = valueAt(valueAt(valueAt(data, 'result'), 'details'), 'status') === 'blocked'
  const hasFailed = isBlocked || isFailure(data)
  if (wasBlocked && hasFailed) return begun
  const marks = {...(wasBlocked && {ranThoughBlocked: true}), ...(call === undefined && {isUnpaired: true})}
  const draft = toolDraft(memory, host, call, hasFailed ? 'tool.error' : 'tool.completed', taken, marks)
  const error = hasFailed ? errorOf('tool.error', data) : undefined
  return [...begun, {...draft, error: error && {...error, kind: isBlocked ? 'blocked' : 'tool'}}]
}

/** A result on its way into the transcript. */
export function toolPersisted(memory: ToolMemory, host: HostCall): Draft[] {
  const call = memory.calls.find(host, toolNameOf(host))
  if (call?.isPersisted) return []
  if (call !== undefined) call.isPersisted = true
  // The host does not say which run writes.
  const runId = host.ids.runId ?? memory.directory.currentRun(host.ids.sessionKey)
  const told = {...host, ids: {...host.ids, runId}}
  return [toolDraft(memory, told, call, 'tool.result_persist', snapshotOf(host.event))]
}

/** An event of one call: its ids, its correlation, and whose child it runs in. */
export function toolDraft(
  {directory}: Pick<ToolMemory, 'directory'>,
  {row, ids, ctx, at}: Pick<HostCall, 'row' | 'ids' | 'ctx' | 'at'>,
  call: Call | undefined,
  type: string,
  {data, cut}: Snapshot,
  marks?: Record<string, unknown>,
): Draft {
  const whose = idsOf(ids, call)
  const parentToolCallId = outerIdOf(whose.toolCallId)
  const toolName = valueAt(data, 'toolName') ?? call?.toolName
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

export function toolNameOf({event, ctx}: Pick<HostCall, 'event' | 'ctx'>): string | undefined {
  return idAt(event, 'toolName') ?? idAt(ctx, 'toolName')
}
