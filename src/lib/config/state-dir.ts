import {homedir} from 'node:os'
import path from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

/** What tells where OpenClaw and this tool keep their state: `--state`, environment, the user's home. */
export interface StateOptions {
  state?: string
  env: Environment
  home?: string
}

/**
 * The state directory, the same for the plugin and the command line: `--state`, OPENCLAW_STATE_DIR, the directory of
 * OPENCLAW_CONFIG_PATH, `~/.openclaw-<OPENCLAW_PROFILE>`, `~/.openclaw`. Absolute; it need not exist.
 */
export function stateDirectory({state, env, home}: StateOptions): string {
  const base = homeDirectory({env, home})
  const given = state || env['OPENCLAW_STATE_DIR']?.trim()
  if (given) return absolute(given, base)
  const config = env['OPENCLAW_CONFIG_PATH']?.trim()
  if (config) return path.dirname(absolute(config, base))
  const profile = env['OPENCLAW_PROFILE']?.trim()
  // The host takes "default" for no profile.
  const isNamed = profile && profile.toLowerCase() !== 'default'
  return path.join(base, isNamed ? `.openclaw-${profile}` : '.openclaw')
}

/** The host's configuration file. `--state` names one installation whole, so it goes before OPENCLAW_CONFIG_PATH. */
export function hostConfigPath({state, env, home}: StateOptions): string {
  const given = env['OPENCLAW_CONFIG_PATH']?.trim()
  if (given && !state) return absolute(given, homeDirectory({env, home}))
  return path.join(stateDirectory({state, env, home}), 'openclaw.json')
}

/** The embedded log of a state directory. */
export function eventsDbPath(stateDir: string): string {
  return path.join(stateDir, 'claw-events', 'events.db')
}

/** A path of the configuration: relative ones start in the state directory, `~/` in the user's home. */
export function inStateDirectory(stateDir: string, given: string, home: string = homedir()): string {
  return path.resolve(stateDir, expandHome(given, home))
}

/** The user's home, or the one that OPENCLAW_HOME puts in its place, as in the host. */
export function homeDirectory({env, home = homedir()}: Pick<StateOptions, 'env' | 'home'>): string {
  const given = env['OPENCLAW_HOME']?.trim()
  return given ? absolute(given, home) : home
}

export function expandHome(given: string, home: string): string {
  return given === '~' || given.startsWith('~/') ? path.join(home, given.slice(1)) : given
}

function absolute(given: string, home: string): string {
  return path.resolve(expandHome(given, home))
}
