import type {ClawEvent} from '../event/envelope.ts'
import {timeOf} from '../event/timestamp.ts'
import {activityOf, isBeginning, showsWork} from './activity.ts'
import {
  type AgentState,
  emptyStatus,
  makeRoom,
  type RunningTool,
  type SessionState,
  type StatusState,
  type StatusWindows,
  type SubagentState,
  stateLimits,
} from './agent-state.ts'
import {type AgentTree, at} from './agent-tree.ts'
import {idAt, valueAt} from './fields.ts'
import type {Ids} from './memory.ts'

/** The agents as stored events, in log order, tell of them at a moment (epoch milliseconds). */
export async function statusFromEvents(
  events: Iterable<ClawEvent> | AsyncIterable<ClawEvent>,
  options: {windows: StatusWindows; now: number},
): Promise<AgentTree> {
  const state = emptyStatus(options.windows)
  for await (const event of events) reduce(state, event)
  return at(state, options.now)
}

/**
 * Takes one event into account, in place, and returns the state. The same events in the same order always make the same
 * state, live and from the log; nothing else does. Events of unknown agents change nothing.
 */
export function reduce(state: StatusState, event: ClawEvent, time: number = timeOf(event)): StatusState {
  if (Number.isNaN(time) || event.source === 'migration') return state
  if (event.type === 'agent.status') noteReported(state, event)
  else if (event.type === 'gateway.stop') stopAll(state, time)
  // One that was killed said nothing: what it had under way is gone.
  else if (event.type === 'gateway.start') forgetTools(state)
  else if (event.type === 'subagent.idle') noteIdle(state, event)
  else if (isAgent(event.agentId)) apply(state, event, time)
  return state
}

/** An agent was at work though no event says so: its reply is streaming. */
export function touch(state: StatusState, {agentId, sessionKey, sessionId}: Ids, time: number): void {
  if (agentId === undefined || !isAgent(agentId)) return
  const session = sessionKey ?? sessionId
  work(state, agentOf(state, agentId), session, time)
  workOfChild(state, session, time)
}

function apply(state: StatusState, event: ClawEvent, time: number): void {
  const {type, agentId} = event
  if (type === 'agent.error' || type === 'lifecycle.error') fail(state, event, time)
  if (!showsWork(type, event.eventCategory)) return
  const agent = agentOf(state, agentId)
  if (isBeginning(type)) agent.latch = undefined
  const session = event.sessionKey ?? event.sessionId
  if (type === 'session.end') endSession(state, agent, session, time)
  else work(state, agent, session, time, isBeginning(type))
  noteSubagent(state, event, time)
  noteTools(state, event, session, time)
  const activity = activityOf(type, valueAt(event.data, 'toolName'))
  if (activity !== undefined) {
    agent.activity = activity.activity
    agent.activityDetail = activity.activityDetail
  }
  workOfChild(state, session, time, activity?.activityDetail)
}

function isAgent(agentId: string): boolean {
  return agentId !== '' && agentId !== 'system'
}

function agentOf(state: StatusState, agentId: string): AgentState {
  const known = state.agents.get(agentId)
  if (known !== undefined) return known
  const made: AgentState = {
    agentId,
    workingSince: 0,
    lastActiveAt: undefined,
    activity: '',
    activityDetail: '',
    toolCalls: 0,
  }
  state.agents.set(agentId, made)
  makeRoom(state.agents, stateLimits.agents)
  return made
}

function work(state: StatusState, agent: AgentState, session: string | undefined, time: number, isNew = false): void {
  noteWork(agent, time, state.windows)
  // What trails behind the end of a session does not open it again.
  if (session === undefined || (!isNew && time - (state.ended.peek(session) ?? 0) < trailMs)) return
  const known = state.sessions.get(session)
  if (known !== undefined) {
    known.lastActiveAt = Math.max(known.lastActiveAt, time)
    return
  }
  state.sessions.set(session, {agentId: agent.agentId, lastActiveAt: time, tools: new Map()})
  makeRoom(state.sessions, stateLimits.sessions)
}

const trailMs = 60_000

/** Events may come late: what is older than the newest activity changes nothing. */
function noteWork(worker: AgentState | SubagentState, time: number, {workingWindowMs}: StatusWindows): void {
  const before = worker.lastActiveAt
  if (before === undefined || time - before > workingWindowMs) worker.workingSince = time
  worker.lastActiveAt = before === undefined ? time : Math.max(before, time)
}

function endSession(state: StatusState, agent: AgentState, session: string | undefined, time: number): void {
  noteWork(agent, time, state.windows)
  if (session !== undefined) forgetSession(state, session, time)
}

function forgetSession(state: StatusState, session: string, time: number): void {
  state.sessions.delete(session)
  state.ended.put(session, time)
}

/** A child at work is its parent at work, and so on up; bounded, should anybody be their own ancestor. */
function workOfChild(state: StatusState, session: string | undefined, time: number, activity?: string): void {
  let key = session
  for (let depth = 0; depth < 10 && key !== undefined; depth++) {
    const child = state.subagents.get(key)
    if (child === undefined) return
    noteWork(child, time, state.windows)
    child.isIdleReported = false
    if (depth === 0 && activity !== undefined) child.activity = activity
    const parentKey = child.parentSessionKey
    const parent = child.parentAgentId === undefined ? undefined : state.agents.get(child.parentAgentId)
    if (parent !== undefined) noteWork(parent, time, state.windows)
    const parentSession = parentKey === undefined ? undefined : state.sessions.get(parentKey)
    if (parentSession !== undefined) parentSession.lastActiveAt = Math.max(parentSession.lastActiveAt, time)
    key = parentKey
  }
}

function noteSubagent(state: StatusState, {type, data}: ClawEvent, time: number): void {
  const text = (name: string) => idAt(data, name)
  const subagentKey = text('childSessionKey')
  if (subagentKey === undefined) return
  if (type === 'subagent.ended') {
    state.subagents.delete(subagentKey)
    forgetSession(state, subagentKey, time)
  }
  if (type !== 'subagent.spawned') return
  const childAgentId = text('childAgentId')
  state.subagents.set(subagentKey, {
    subagentKey,
    childAgentId,
    parentAgentId: text('parentAgentId'),
    parentSessionId: text('parentSessionId'),
    parentSessionKey: text('parentSessionKey'),
    label: text('label'),
    mode: text('mode'),
    runId: text('runId'),
    spawnedAt: time,
    workingSince: time,
    lastActiveAt: time,
    activity: 'Subagent Spawned',
    isIdleReported: false,
  })
  makeRoom(state.subagents, stateLimits.subagents)
  if (childAgentId !== undefined) work(state, agentOf(state, childAgentId), subagentKey, time, true)
}

function noteTools(state: StatusState, event: ClawEvent, session: string | undefined, time: number): void {
  const known = session === undefined ? undefined : state.sessions.get(session)
  if (known === undefined) return
  const {type, data, metadata, correlationId} = event
  if (type === 'tool.called' || type === 'conversation.tool_call') {
    const toolName = valueAt(data, 'toolName')
    if (typeof toolName === 'string') startTool(known, correlationId, {toolName, since: time})
    // An outer call of tool search only carries others, which count by themselves.
    if (metadata?.['isOuterCall'] !== true) agentOf(state, event.agentId).toolCalls += 1
  } else if (toolEnds.has(type)) known.tools.delete(correlationId)
  else if (type === 'lifecycle.end' || type === 'lifecycle.error') known.tools.clear()
}

const toolEnds: ReadonlySet<string> = new Set([
  'tool.completed',
  'tool.error',
  'tool.guard.blocked',
  'conversation.tool_result',
])

function startTool({tools}: SessionState, key: string, tool: RunningTool): void {
  tools.set(key, tool)
  const [oldest] = tools.keys()
  if (tools.size > stateLimits.tools && oldest !== undefined) tools.delete(oldest)
}

const offlineWords = /unreachable|offline|not reachable/i

/**
 * A failed tool is no failed agent; an agent that reports an error, or whose run failed, is one. An abort is no failure,
 * and that of a child is not its agent's.
 */
function fail(state: StatusState, {type, agentId, data, error, sessionKey}: ClawEvent, time: number): void {
  if (valueAt(data, 'aborted') === true || sessionKey?.includes(':subagent:') || state.subagents.has(sessionKey ?? ''))
    return
  const isOffline = type === 'agent.error' && offlineWords.test(error?.message ?? '')
  agentOf(state, agentId).latch = {
    status: isOffline ? 'offline' : 'error',
    since: time,
    detail: isOffline ? 'Agent unreachable' : 'Agent reported an error state',
  }
}

function stopAll(state: StatusState, time: number): void {
  for (const agent of state.agents.values()) {
    agent.latch = {status: 'offline', since: time, detail: 'Gateway stopped'}
  }
  forgetTools(state)
}

function forgetTools({sessions}: StatusState): void {
  for (const {tools} of sessions.values()) tools.clear()
}

const statuses: ReadonlySet<unknown> = new Set(['working', 'idle', 'sleeping', 'offline', 'error'])

function noteReported(state: StatusState, {agentId, data}: ClawEvent): void {
  const status = valueAt(data, 'status')
  if (isAgent(agentId) && statuses.has(status)) agentOf(state, agentId).reported = status as AgentState['reported']
}

function noteIdle(state: StatusState, {data}: ClawEvent): void {
  const key = valueAt(data, 'childSessionKey')
  const child = typeof key === 'string' ? state.subagents.get(key) : undefined
  if (child !== undefined) child.isIdleReported = true
}
