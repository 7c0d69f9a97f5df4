import {errorOf, isFailure} from '../event/dialects/payload.ts'
import {lineageFields, outerIdOf} from './call-fields.ts'
import {type Call, type Calls, correlationOf} from './calls.ts'
import {type Draft, withCuts} from './draft.ts'
import {idAt, present} from './fields.ts'
import type {Directory, Ids} from './memory.ts'
import {snapshotOf} from './snapshot.ts'

/** What the agent-event stream told of one call, until it is clear whether hooks tell it, too. */
interface Held {
  ids: Ids
  start?: StreamEvent
  result?: StreamEvent
}

export interface StreamEvent {
  /** The event's own data, as the host holds it. */
  data: object
  /** Epoch milliseconds. */
  at: number
  seq: number | undefined
}

export interface HeldTools {
  started(ids: Ids, event: StreamEvent): Draft[]
  ended(ids: Ids, event: StreamEvent): Draft[]
  /** A hook told how the call ended; its beginning, where no hook told of that. */
  hookEnded(ids: Ids, call: Call | undefined): Draft[]
  /** The run ended: no hook comes any more. */
  finish(runId: string): Draft[]
  /** What was held since before these moments, in epoch milliseconds. */
  overdue(before: {started: number; ended: number}): Draft[]
  finishAll(): Draft[]
}

const heldLimit = 1000

/** Holds tool events of the stream back: the hooks come later by milliseconds, and say more. */
export function createHeldTools(calls: Calls, directory: Directory): HeldTools {
  const held = new Map<string, Held>()

  function hold(ids: Ids, change: Partial<Held>): Draft[] {
    const key = keyOf(ids)
    held.set(key, {...held.get(key), ids, ...change})
    if (held.size <= heldLimit) return []
    const [oldest] = held
    return oldest === undefined ? [] : release(oldest[0], oldest[1])
  }

  function release(key: string, {ids, start, result}: Held): Draft[] {
    held.delete(key)
    const call = calls.byId(ids)
    const hasCalled = call?.isTold === true
    const drafts: Draft[] = []
    if (start !== undefined && !hasCalled) drafts.push(draft(ids, start, 'conversation.tool_call', call))
    if (result === undefined || call?.state === 'blocked' || call?.state === 'ended') return drafts
    const ended = isFailure(snapshotOf(result.data).data) ? 'tool.error' : 'tool.completed'
    // With the hook before it told and the one after it missing, the pair is made whole.
    drafts.push(draft(ids, result, hasCalled ? ended : 'conversation.tool_result', call))
    if (call !== undefined) calls.end(call)
    return drafts
  }

  function draft(ids: Ids, {data, at, seq}: StreamEvent, type: string, call: Call | undefined): Draft {
    const {data: fields, cut} = snapshotOf(data)
    const {name, args, ...rest} = fields
    const parentToolCallId = idAt(fields, 'parentToolCallId') ?? outerIdOf(ids.toolCallId)
    return {
      ...ids,
      type,
      eventName: `tool:${idAt(fields, 'phase') ?? 'update'}`,
      source: 'agent-event',
      at,
      stream: 'tool',
      seq,
      correlationId: call?.correlationId ?? correlationOf(ids),
      error: errorOf(type === 'tool.error' ? type : '', fields),
      data: {
        ...rest,
        ...present({toolName: name, params: args, agentId: ids.agentId, parentToolCallId}),
        ...lineageFields(directory, ids),
      },
      metadata: withCuts(undefined, {cut}),
    }
  }

  return {
    started(ids, event) {
      const call = calls.byId(ids)
      return call !== undefined && call.state !== 'ended' ? [] : hold(ids, {start: event, result: undefined})
    },
    ended(ids, event) {
      const call = calls.byId(ids)
      if (call !== undefined && call.state !== 'called') return forget(ids)
      return hold(ids, {result: event})
    },
    hookEnded(ids, call) {
      const key = keyOf(ids)
      const start = held.get(key)?.start
      held.delete(key)
      return start !== undefined && call?.isTold === false ? [draft(ids, start, 'tool.called', call)] : []
    },
    finish(runId) {
      const drafts: Draft[] = []
      for (const [key, entry] of held) if (entry.ids.runId === runId) drafts.push(...release(key, entry))
      return drafts
    },
    overdue({started, ended}) {
      const drafts: Draft[] = []
      for (const [key, entry] of held) {
        const isOverdue = entry.result === undefined ? (entry.start?.at ?? 0) < started : entry.result.at < ended
        if (isOverdue) drafts.push(...release(key, entry))
      }
      return drafts
    },
    finishAll: () => [...held].flatMap(([key, entry]) => release(key, entry)),
  }

  function forget(ids: Ids): Draft[] {
    held.delete(keyOf(ids))
    return []
  }
}

function keyOf({sessionKey, runId, toolCallId}: Ids): string {
  return `${runId ?? sessionKey ?? ''} ${toolCallId}`
}
