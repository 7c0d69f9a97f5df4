import path from 'node:path'
import {readDocument} from '../config/document.ts'
import {configError} from '../config/faults.ts'
import {type Fields, isFields} from '../config/key-path.ts'
import {
  homeDirectory,
  hostConfigPath,
  inStateDirectory,
  type StateOptions,
  stateDirectory,
} from '../config/state-dir.ts'

export interface AgentWorkspace {
  agentId: string
  /** Absolute. */
  workspace: string
}

export interface WorkspaceQuery extends StateOptions {
  /** Only this folder; the agent is then `main` unless named. */
  workspace?: string
  agent?: string
}

/**
 * Whose memory lies where, as OpenClaw is configured: `agents.entries.<id>.workspace`, for `main` also
 * `agents.defaults.workspace`, else `<state>/workspace`. CONFIG_INVALID when its configuration cannot be read.
 */
export async function agentWorkspaces({workspace, agent, ...place}: WorkspaceQuery): Promise<AgentWorkspace[]> {
  if (workspace !== undefined) return [{agentId: agent ?? 'main', workspace: path.resolve(workspace)}]
  const {defaults, entries} = await configuredAgents(place)
  const absolute = (folder: string) => inStateDirectory(stateDirectory(place), folder, homeDirectory(place))
  const standard = absolute(typeof defaults.workspace === 'string' ? defaults.workspace : 'workspace')
  const own = Object.entries(entries).flatMap(([agentId, entry]) => {
    const folder = isFields(entry) ? entry.workspace : undefined
    return typeof folder === 'string' ? [{agentId, workspace: absolute(folder)}] : []
  })
  const all = own.some(({agentId}) => agentId === 'main') ? own : [{agentId: 'main', workspace: standard}, ...own]
  if (agent === undefined) return all
  return [all.find(({agentId}) => agentId === agent) ?? {agentId: agent, workspace: standard}]
}

async function configuredAgents(place: StateOptions): Promise<{defaults: Fields; entries: Fields}> {
  const file = hostConfigPath(place)
  const {value, fault} = await readDocument(file, path.basename(file))
  if (fault !== undefined) throw configError([fault])
  const agents = isFields(value) && isFields(value.agents) ? value.agents : {}
  return {
    defaults: isFields(agents.defaults) ? agents.defaults : {},
    entries: isFields(agents.entries) ? agents.entries : {},
  }
}
