import type {Paint} from './paint.ts'
import {printable} from './printable.ts'

interface Tool {
  toolName: string
  since: string
}

interface Child {
  subagentKey: string
  agentId?: string
  label?: string
  status: string
  activity: string
  since: string
  currentTool?: Tool
  subagents: readonly Child[]
}

interface Agent {
  agentId: string
  status: string
  activity: string
  reason: string
  since: string
  activeSessionCount: number
  toolCalls: number
  currentTool?: Tool
  subagents: readonly Child[]
}

/** Agents and their subagents as a tree: status, since when, what they do. `nowMs` is what times count back from. */
export function agentTreeLines(agents: readonly Agent[], nowMs: number, paint: Paint): string[] {
  const tell = (tool: Tool | undefined, activity: string) =>
    tool === undefined
      ? printable(activity)
      : `${printable(tool.toolName)} for ${spanText(nowMs - Date.parse(tool.since))}`
  const statusText = ({status, since}: {status: string; since: string}) =>
    `${shade(status, paint)(status.padEnd(8))} ${paint.dim(spanText(nowMs - Date.parse(since)).padStart(7))}`
  const children = (list: readonly Child[], indent: string): string[] =>
    list.flatMap((child, index) => {
      const isLast = index === list.length - 1
      const name = child.label ?? child.agentId ?? child.subagentKey
      const line = `${indent}${isLast ? '└─' : '├─'} ${statusText(child)}  ${printable(name)}  ${tell(child.currentTool, child.activity)}`
      return [line, ...children(child.subagents, `${indent}${isLast ? '   ' : '│  '}`)]
    })
  return agents.flatMap((agent) => {
    const {agentId, activeSessionCount: sessions, toolCalls} = agent
    const counts = `${sessions} ${sessions === 1 ? 'session' : 'sessions'}, ${toolCalls} tool ${toolCalls === 1 ? 'call' : 'calls'}`
    const head = `${statusText(agent)}  ${paint.bold(printable(agentId))}  ${tell(agent.currentTool, agent.activity)}`
    return [`${head}  ${paint.dim(counts)}`, ...children(agent.subagents, '  ')]
  })
}

function shade(status: string, paint: Paint): (text: string) => string {
  if (status === 'working') return paint.good
  if (status === 'error' || status === 'offline') return paint.bad
  return status === 'idle' ? paint.warn : paint.dim
}

/** 12s, 5m, 3h, 2d: the largest unit that fits. */
function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
