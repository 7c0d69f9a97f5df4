import {agentOfSession} from '../event/dialects/complete.ts'
import {type Draft, withCuts} from './draft.ts'
import {idAt, present} from './fields.ts'
import {contextOf, type HostCall} from './host-call.ts'
import type {Directory, Lineage} from './memory.ts'
import {snapshotOf} from './snapshot.ts'

/**
 * What happens to a child session. The event belongs to the parent, in whose session it happens; parent and child are
 * both named in `data`. Who is not known is not named.
 */
export function subagentEvent(directory: Directory, host: HostCall): Draft {
  const {row, event, ctx, at, ids} = host
  const taken = snapshotOf(event)
  const childSessionKey =
    idAt(event, 'childSessionKey') ?? idAt(event, 'targetSessionKey') ?? idAt(ctx, 'childSessionKey')
  const lineage = lineageOf(directory, host, childSessionKey)
  const {parentAgentId, parentSessionId, parentSessionKey, childAgentId} = lineage
  if (childSessionKey !== undefined && row.hook === 'subagent_spawned') {
    directory.adopt({...lineage, subagentKey: childSessionKey})
    directory.learn({sessionKey: childSessionKey, agentId: childAgentId})
  }
  const ended = row.hook === 'subagent_ended' ? {endReason: endReasonOf(idAt(event, 'reason'))} : undefined
  return {
    agentId: parentAgentId ?? childAgentId,
    sessionId: parentSessionId,
    sessionKey: parentSessionKey,
    runId: idAt(event, 'runId') ?? idAt(ctx, 'runId') ?? ids.runId,
    type: row.types[0]!,
    eventName: row.hook,
    source: row.kind,
    at,
    correlationId: childSessionKey,
    data: {
      ...taken.data,
      ...present({parentAgentId, parentSessionId, parentSessionKey, childAgentId, childSessionKey}),
      ...(childSessionKey !== undefined && {subagentKey: childSessionKey}),
      ...ended,
    },
    metadata: withCuts(contextOf(ctx), taken),
  }
}

type Parentage = Omit<Lineage, 'subagentKey'>

function lineageOf(directory: Directory, {event, ids}: HostCall, childSessionKey: string | undefined): Parentage {
  const known = directory.lineage(childSessionKey)
  return {
    parentAgentId: ids.agentId ?? known?.parentAgentId,
    parentSessionId: ids.sessionId ?? known?.parentSessionId,
    parentSessionKey: ids.sessionKey ?? known?.parentSessionKey,
    childAgentId: idAt(event, 'agentId') ?? known?.childAgentId ?? agentOfSession(childSessionKey),
  }
}

const endReasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/complete/i, 'completed'],
  [/delet/i, 'deleted'],
  [/swept|sweep/i, 'swept'],
  [/releas/i, 'released'],
]

/** The event-server plugin's few words for why a child ended; the host's own stays in `reason`. */
function endReasonOf(reason: string | undefined): string {
  return endReasons.find(([pattern]) => pattern.test(reason ?? ''))?.[1] ?? 'unknown'
}
