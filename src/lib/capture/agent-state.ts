import {RecentMap} from '../guard/recent-map.ts'

/** When an agent counts as working, idle, sleeping; from the configuration. */
export interface StatusWindows {
  workingWindowMs: number
  sleepingWindowMs: number
  subagentIdleWindowMs: number
}

export type AgentStatus = 'working' | 'idle' | 'sleeping' | 'offline' | 'error'

/** How much is kept; beyond it what was quiet for longest is forgotten. */
export const stateLimits = {agents: 1000, sessions: 10_000, subagents: 10_000, tools: 64} as const

export interface RunningTool {
  toolName: string
  /** Epoch milliseconds. */
  since: number
}

export interface SessionState {
  agentId: string
  lastActiveAt: number
  runId?: string
  /** By call; the newest last. */
  tools: Map<string, RunningTool>
}

/** An agent that is offline or failed stays so until something begins again. */
export interface Latch {
  status: 'offline' | 'error'
  since: number
  detail: string
}

export interface AgentState {
  agentId: string
  /** When its present streak of work began. */
  workingSince: number
  lastActiveAt: number | undefined
  /** What it was last seen doing. */
  activity: string
  activityDetail: string
  toolCalls: number
  latch?: Latch
  /** The status of the newest `agent.status`. */
  reported?: AgentStatus
}

export interface SubagentState {
  subagentKey: string
  childAgentId?: string
  parentAgentId?: string
  parentSessionId?: string
  parentSessionKey?: string
  label?: string
  mode?: string
  runId?: string
  spawnedAt: number
  workingSince: number
  lastActiveAt: number
  activity: string
  /** Whether the newest quiet was told of by a `subagent.idle`. */
  isIdleReported: boolean
}

/** What the events so far say of every agent. Made by `reduce` (status.ts) alone. */
export interface StatusState {
  windows: StatusWindows
  agents: Map<string, AgentState>
  sessions: Map<string, SessionState>
  subagents: Map<string, SubagentState>
  /** When sessions ended that something may still trail behind. */
  ended: RecentMap<number>
}

export function emptyStatus(windows: StatusWindows): StatusState {
  return {
    windows,
    agents: new Map(),
    sessions: new Map(),
    subagents: new Map(),
    ended: new RecentMap(stateLimits.agents),
  }
}

/** Forgets the quarter that was quiet for longest, once there are more than `limit`. */
export function makeRoom<Value extends {lastActiveAt?: number | undefined}>(
  map: Map<string, Value>,
  limit: number,
): void {
  if (map.size <= limit) return
  const byAge = [...map].sort(([, a], [, b]) => (a.lastActiveAt ?? 0) - (b.lastActiveAt ?? 0))
  for (const [key] of byAge.slice(0, Math.ceil(limit / 4))) map.delete(key)
}
