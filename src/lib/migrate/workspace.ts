import {readdirSync, realpathSync} from 'node:fs'
import {ClawError, Exit} from '../errors.ts'
import {limits} from '../event/envelope.ts'
import type {AgentWorkspace} from '../openclaw/workspaces.ts'
import type {Failure} from './scan.ts'
import {codeOf, reasonOf} from './unreadable.ts'

export interface OpenedWorkspace {
  /** The folder's real path. */
  root: string
  agentId: string
  /** What its paths begin with where several workspaces are told of together. */
  prefix: string
}

/**
 * The workspaces that can be read, the others as failures. None at all is INPUT_UNREADABLE: a mistyped path is not a
 * workspace from which everything is gone.
 */
export function openWorkspaces(workspaces: readonly AgentWorkspace[]): {opened: OpenedWorkspace[]; failed: Failure[]} {
  const opened: OpenedWorkspace[] = []
  const failed: Failure[] = []
  for (const {workspace, agentId} of workspaces) {
    assertAgentId(agentId)
    const prefix = workspaces.length > 1 ? `${workspace}/` : ''
    try {
      opened.push({root: realFolder(workspace), agentId, prefix})
    } catch (error) {
      failed.push({path: workspace, reason: reasons[codeOf(error)] ?? reasonOf(error)})
    }
  }
  const [first] = failed
  if (first && opened.length === 0) throw unreadable(first)
  return {opened, failed}
}

function assertAgentId(agentId: string): void {
  if (agentId.trim() !== '' && Buffer.byteLength(agentId) <= limits.agentIdBytes) return
  throw new ClawError(
    'USAGE',
    `${JSON.stringify(agentId)} cannot be an agent's id: it must have 1 to ${limits.agentIdBytes} bytes`,
    {
      exit: Exit.usage,
      suggestions: ['name the agent whose memory this is, for example --agent main'],
    },
  )
}

const reasons: Record<string, string> = {ENOENT: 'there is no such folder', ENOTDIR: 'it is not a folder'}

function realFolder(path: string): string {
  const root = realpathSync(path)
  readdirSync(root)
  return root
}

function unreadable({path, reason}: Failure): ClawError {
  return new ClawError('INPUT_UNREADABLE', `cannot read the workspace ${path}: ${reason}`, {
    exit: Exit.usage,
    suggestions: ['name the folder that holds MEMORY.md and memory/ with --workspace'],
  })
}
