import {readFile} from 'node:fs/promises'
import path from 'node:path'
import {ClawError, Exit, messageOf} from '../errors.ts'

export interface AgentWorkspace {
  agentId: string
  workspace: string
}

export interface WorkspaceQuery {
  /** Only this folder; the agent is then `main` unless named. */
  workspace?: string
  agent?: string
  /** OpenClaw's state directory. */
  stateDir: string
  env: Record<string, string | undefined>
  home: string
}

/**
 * Whose memory lies where, as OpenClaw is configured: `agents.entries.<id>.workspace`, then `agents.defaults.workspace`
 * for `main`, else `<state>/workspace`. Several agents that share one folder are all named.
 */
export async function agentWorkspaces({
  workspace,
  agent,
  stateDir,
  env,
  home,
}: WorkspaceQuery): Promise<AgentWorkspace[]> {
  if (workspace !== undefined) return [{agentId: agent ?? 'main', workspace: path.resolve(workspace)}]
  const file = env.OPENCLAW_CONFIG_PATH ?? path.join(stateDir, 'openclaw.json')
  const {defaults, entries} = await agentsIn(file)
  const place = (folder: string) => path.resolve(stateDir, folder.replace(/^~(?=$|\/)/, home))
  const standard = typeof defaults.workspace === 'string' ? place(defaults.workspace) : path.join(stateDir, 'workspace')
  const own = Object.entries(entries).flatMap(([agentId, entry]) => {
    const folder = isObject(entry) ? entry.workspace : undefined
    return typeof folder === 'string' ? [{agentId, workspace: place(folder)}] : []
  })
  const all = own.some(({agentId}) => agentId === 'main') ? own : [{agentId: 'main', workspace: standard}, ...own]
  if (agent === undefined) return all
  return [all.find(({agentId}) => agentId === agent) ?? {agentId: agent, workspace: standard}]
}

async function agentsIn(file: string): Promise<{defaults: Record<string, unknown>; entries: Record<string, unknown>}> {
  const config = await readConfig(file)
  const agents = isObject(config) && isObject(config.agents) ? config.agents : {}
  return {
    defaults: isObject(agents.defaults) ? agents.defaults : {},
    entries: isObject(agents.entries) ? agents.entries : {},
  }
}

async function readConfig(file: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch {
    // Without a configuration OpenClaw uses its defaults, and so do we.
    return {}
  }
  try {
    return (await import('json5')).default.parse(text)
  } catch (error) {
    throw new ClawError('CONFIG_INVALID', `cannot read ${file}: ${messageOf(error)}`, {exit: Exit.usage, cause: error})
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
