import type {ClawEvent, Visibility} from '../event/envelope.ts'
import {activityOf} from './activity.ts'
import {emptyStatus, type StatusState, type StatusWindows, type SubagentState} from './agent-state.ts'
import {countSessions, idleSubagents, statusOf} from './agent-tree.ts'
import type {Draft} from './draft.ts'
import {present, valueAt} from './fields.ts'
import type {Ids} from './memory.ts'
import {reduce, touch} from './status.ts'

export interface Synthetic {
  state: StatusState
  /**
   * An event that happened at `at` (epoch milliseconds) with those that follow from it: what the agent does, its status,
   * its children's quiet.
   */
  follow(event: ClawEvent, at: number): ClawEvent[]
  /** An agent was at work though no event says so: its reply is streaming. */
  touch(ids: Ids, time: number): ClawEvent[]
  /** What time alone brings. */
  sweep(now: number): ClawEvent[]
}

export interface SyntheticOptions {
  windows: StatusWindows
  tickIntervalMs: number
  /** Makes an event complete. */
  make: (draft: Draft) => ClawEvent
  now: () => number
}

/** Derives agent.activity, agent.status, agent.sub_agent_spawn and subagent.idle. None of them for an unknown agent. */
export function createSynthetic({windows, tickIntervalMs, make, now}: SyntheticOptions): Synthetic {
  const state = emptyStatus(windows)
  let sweptAt = now()

  function follow(event: ClawEvent, at: number): ClawEvent[] {
    const time = now()
    reduce(state, event, at)
    // Neither of these says anything that the state does not know.
    const events = [event, ...derived(event, time).map(make)]
    if (event.type === 'gateway.stop') events.push(...statusChanges(time, event))
    // Without a ticker, events alone have to bring what time does.
    else if (time - sweptAt >= tickIntervalMs) events.push(...sweep(time, event))
    else events.push(...statusChangesOf(affected(event, event.data), time, event))
    return events
  }

  function sweep(time: number, because?: ClawEvent): ClawEvent[] {
    sweptAt = time
    return [...statusChanges(time, because), ...idleSubagents(state, time).flatMap(idleEvents(time))]
  }

  function statusChanges(time: number, because?: ClawEvent): ClawEvent[] {
    return statusChangesOf(state.agents.keys(), time, because)
  }

  function statusChangesOf(agentIds: Iterable<string>, time: number, because?: ClawEvent): ClawEvent[] {
    const events: ClawEvent[] = []
    for (const agentId of agentIds) {
      const agent = state.agents.get(agentId)
      if (agent === undefined) continue
      const {status, reason, activity, activityDetail} = statusOf(agent, windows, time)
      if (status === agent.reported) continue
      const {lastActiveAt} = agent
      const event = make({
        ...named('agent.status'),
        agentId,
        at: time,
        visibility: inherited(because),
        data: {agentId, status, activity, activityDetail, ...present({sourceEventType: because?.type})},
        metadata: present({
          reason,
          activeSessionCount: countSessions(state, agentId),
          lastActiveAt: lastActiveAt === undefined ? undefined : new Date(lastActiveAt).toISOString(),
        }),
      })
      reduce(state, event, time)
      events.push(event)
    }
    return events
  }

  /** The event's agent, the child that it tells of, and the parents of the child that it belongs to. */
  function affected({agentId, sessionKey}: Ids, data?: Record<string, unknown>): Set<string> {
    const agents = new Set(agentId === undefined ? [] : [agentId])
    const childAgentId = valueAt(data, 'childAgentId')
    if (typeof childAgentId === 'string') agents.add(childAgentId)
    let key = sessionKey
    for (let depth = 0; depth < 10 && key !== undefined; depth++) {
      const child = state.subagents.get(key)
      if (child?.parentAgentId !== undefined) agents.add(child.parentAgentId)
      key = child?.parentSessionKey
    }
    return agents
  }

  function idleEvents(time: number): (idle: {child: SubagentState; idleForMs: number}) => ClawEvent[] {
    return ({child, idleForMs}) => {
      const {subagentKey, childAgentId, parentAgentId, parentSessionId, parentSessionKey, runId, mode} = child
      const who = {parentAgentId, childAgentId}
      const idle = make({
        ...named('subagent.idle'),
        agentId: childAgentId ?? parentAgentId,
        sessionKey: subagentKey,
        at: time,
        runId,
        correlationId: subagentKey,
        data: {
          ...present({...who, parentSessionId, parentSessionKey, mode, runId}),
          childSessionKey: subagentKey,
          subagentKey,
          idleForMs,
          lastActiveAt: new Date(child.lastActiveAt).toISOString(),
        },
      })
      reduce(state, idle, time)
      const agentId = parentAgentId ?? childAgentId
      if (agentId === undefined) return [idle]
      const activity = make({
        ...named('agent.activity'),
        agentId,
        sessionId: parentSessionId,
        sessionKey: parentSessionKey,
        at: time,
        correlationId: subagentKey,
        data: {
          agentId,
          activity: 'Subagent Idle',
          activityDetail: `Subagent ${subagentKey} idle for ${Math.floor(idleForMs / 1000)}s`,
          sourceEventType: 'subagent.idle',
        },
        metadata: present({...who, subagentKey, childSessionKey: subagentKey}),
      })
      return [idle, activity]
    }
  }

  function touched(ids: Ids, time: number): ClawEvent[] {
    touch(state, ids, time)
    return statusChangesOf(affected(ids), now())
  }

  return {state, follow, touch: touched, sweep: (time) => sweep(time)}
}

/** What an event says beside itself. */
function derived(event: ClawEvent, at: number): Draft[] {
  const {type, agentId, sessionId, sessionKey, runId, correlationId, data} = event
  if (agentId === 'system') return []
  const ids = {agentId, sessionId, sessionKey, runId, correlationId}
  const drafts: Draft[] = []
  if (type === 'subagent.spawned') {
    drafts.push({...named('agent.sub_agent_spawn'), ...ids, at, visibility: inherited(event), data: {...data}})
  }
  const activity = activityOf(type, valueAt(data, 'toolName'))
  if (activity !== undefined) {
    const fields = {agentId, ...activity, sourceEventType: type}
    drafts.push({...named('agent.activity'), ...ids, at, visibility: inherited(event), data: fields})
  }
  return drafts
}

function named(type: string): Pick<Draft, 'type' | 'eventName' | 'source'> {
  return {type, eventName: type, source: 'synthetic'}
}

/** What is said of a confidential event is confidential, too. */
function inherited(event: ClawEvent | undefined): Visibility | undefined {
  return event?.visibility === 'confidential' ? 'confidential' : undefined
}
