import type {AgentState, AgentStatus, RunningTool, StatusState, StatusWindows, SubagentState} from './agent-state.ts'

/** What `claw-events status` shows. Times are RFC 3339. */
export interface AgentTree {
  agents: AgentNode[]
}

export interface AgentNode {
  agentId: string
  status: AgentStatus
  /** What it was last seen doing. */
  activity: string
  activityDetail: string
  /** Since when it has this status. */
  since: string
  reason: string
  lastActiveAt?: string
  activeSessionCount: number
  /** Calls so far; those that only carry others do not count. */
  toolCalls: number
  currentTool?: ToolNode
  subagents: SubagentNode[]
}

export interface SubagentNode {
  subagentKey: string
  /** Missing where the host did not say which agent runs it. */
  agentId?: string
  label?: string
  mode?: string
  status: 'working' | 'idle' | 'sleeping'
  activity: string
  since: string
  lastActiveAt: string
  currentTool?: ToolNode
  subagents: SubagentNode[]
}

export interface ToolNode {
  toolName: string
  since: string
}

/** An agent's status at a moment, with why. */
export interface StatusNow {
  status: AgentStatus
  activity: string
  activityDetail: string
  reason: string
  /** Epoch milliseconds. */
  since: number
}

/** The agents and their subagents at a moment (epoch milliseconds). Pure. */
export function at(state: StatusState, now: number): AgentTree {
  const children = childrenByParent(state)
  const work = workByAgent(state)
  const agents = [...state.agents.values()].map((agent) => ({
    ...agentNode(state, agent, work.get(agent.agentId), now),
    subagents: (children.get(`agent ${agent.agentId}`) ?? []).map((child) => subagentNode(state, child, children, now)),
  }))
  return {agents: agents.sort((a, b) => (a.agentId < b.agentId ? -1 : 1))}
}

/** Working, idle and sleeping are spans since the last activity, over all sessions of the agent and its children. */
export function statusOf(agent: AgentState, windows: StatusWindows, now: number): StatusNow {
  const {latch, lastActiveAt} = agent
  if (latch !== undefined) {
    const isOffline = latch.status === 'offline'
    const reason = isOffline ? 'offline' : 'agent-error'
    return {
      status: latch.status,
      activity: isOffline ? 'Offline' : 'Error',
      activityDetail: latch.detail,
      reason,
      since: latch.since,
    }
  }
  if (lastActiveAt === undefined) {
    return {
      status: 'sleeping',
      activity: 'Sleeping',
      activityDetail: 'No active sessions',
      reason: 'no-sessions',
      since: now,
    }
  }
  const {status, since} = spanOf(agent.workingSince, lastActiveAt, windows, now)
  return {status, since, ...words(status, windows)}
}

function words(status: 'working' | 'idle' | 'sleeping', windows: StatusWindows) {
  if (status === 'working') {
    const activityDetail = 'Recent activity in one or more sessions'
    return {activity: 'Working', activityDetail, reason: 'recent-activity'}
  }
  const isIdle = status === 'idle'
  const span = durationText(isIdle ? windows.workingWindowMs : windows.sleepingWindowMs)
  const activityDetail = isIdle ? `No recent events in the last ${span}` : `No events in the last ${span}`
  return {activity: isIdle ? 'Idle' : 'Sleeping', activityDetail, reason: isIdle ? 'idle-window' : 'sleeping-window'}
}

function spanOf(workingSince: number, lastActiveAt: number, windows: StatusWindows, now: number) {
  const {workingWindowMs, sleepingWindowMs} = windows
  const age = now - lastActiveAt
  if (age <= workingWindowMs) return {status: 'working', since: workingSince} as const
  if (age <= sleepingWindowMs) return {status: 'idle', since: lastActiveAt + workingWindowMs} as const
  return {status: 'sleeping', since: lastActiveAt + Math.max(workingWindowMs, sleepingWindowMs)} as const
}

function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const [count, unit] = seconds < 60 ? [seconds, 'second'] : [Math.floor(seconds / 60), 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** Sessions of an agent that have not ended. */
export function countSessions({sessions}: StatusState, agentId: string): number {
  let count = 0
  for (const session of sessions.values()) if (session.agentId === agentId) count++
  return count
}

/** Children that have been quiet for the window and were not told of yet, with how long. */
export function idleSubagents(
  {subagents, windows}: StatusState,
  now: number,
): {child: SubagentState; idleForMs: number}[] {
  const idle: {child: SubagentState; idleForMs: number}[] = []
  for (const child of subagents.values()) {
    const idleForMs = now - child.lastActiveAt
    if (!child.isIdleReported && idleForMs >= windows.subagentIdleWindowMs) idle.push({child, idleForMs})
  }
  return idle
}

type Children = ReadonlyMap<string, readonly SubagentState[]>

/** By the session that spawned them; a child of an unknown session by its agent. */
function childrenByParent({subagents}: StatusState): Children {
  const children = new Map<string, SubagentState[]>()
  for (const child of subagents.values()) {
    const {parentSessionKey, parentAgentId} = child
    const isNested = parentSessionKey !== undefined && subagents.has(parentSessionKey)
    const parent = isNested ? `session ${parentSessionKey}` : `agent ${parentAgentId ?? ''}`
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [child])
    else siblings.push(child)
  }
  return children
}

function agentNode(
  {windows}: StatusState,
  agent: AgentState,
  work: AgentWork | undefined,
  now: number,
): Omit<AgentNode, 'subagents'> {
  const {agentId, toolCalls, lastActiveAt} = agent
  const {status, since, reason, activity, activityDetail} = statusOf(agent, windows, now)
  return {
    agentId,
    status,
    activity: agent.activity || activity,
    activityDetail: agent.activityDetail || activityDetail,
    since: timeText(since),
    reason,
    ...(lastActiveAt !== undefined && {lastActiveAt: timeText(lastActiveAt)}),
    activeSessionCount: work?.sessions ?? 0,
    toolCalls,
    ...(work?.tool !== undefined && {currentTool: toolNode(work.tool)}),
  }
}

function subagentNode(state: StatusState, child: SubagentState, children: Children, now: number): SubagentNode {
  const {subagentKey, childAgentId, label, mode, activity, workingSince, lastActiveAt} = child
  const {status, since} = spanOf(workingSince, lastActiveAt, state.windows, now)
  const tool = [...(state.sessions.get(subagentKey)?.tools.values() ?? [])].at(-1)
  return {
    subagentKey,
    ...(childAgentId !== undefined && {agentId: childAgentId}),
    ...(label !== undefined && {label}),
    ...(mode !== undefined && {mode}),
    status,
    activity,
    since: timeText(since),
    lastActiveAt: timeText(lastActiveAt),
    ...(tool !== undefined && {currentTool: toolNode(tool)}),
    // Every child has one parent, so what hangs below an agent is a tree.
    subagents: (children.get(`session ${subagentKey}`) ?? []).map((one) => subagentNode(state, one, children, now)),
  }
}

interface AgentWork {
  /** Sessions that have not ended. */
  sessions: number
  /** The newest tool that runs in a session of the agent's own: those of its children are shown with them. */
  tool?: RunningTool
}

function workByAgent({sessions, subagents}: StatusState): Map<string, AgentWork> {
  const byAgent = new Map<string, AgentWork>()
  for (const [key, {agentId, tools}] of sessions) {
    const work = byAgent.get(agentId) ?? {sessions: 0}
    byAgent.set(agentId, work)
    work.sessions++
    if (subagents.has(key)) continue
    for (const tool of tools.values()) if (work.tool === undefined || tool.since >= work.tool.since) work.tool = tool
  }
  return byAgent
}

function toolNode({toolName, since}: RunningTool): ToolNode {
  return {toolName, since: timeText(since)}
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
