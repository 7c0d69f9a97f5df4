import {realpathSync} from 'node:fs'
import {valueAt} from '../config/key-path.ts'
import {type Check, fine, wrong} from './check.ts'
import type {Presence} from './presence.ts'

export interface PluginFacts {
  /** OpenClaw's configuration; undefined where there is none. */
  host: unknown
  presence: Presence | undefined
  isAlive: (pid: number) => boolean
  stateDir: string
  /** Whether context is to be added to prompts. */
  wantsContext: boolean
  /** Whether it is, or prompts and model calls are to be recorded whole. */
  wantsConversation: boolean
}

const id = 'claw-events'

/** Whether OpenClaw is told to load the plugin, whether it did, and what it lets it do. */
export function checkPlugin(facts: PluginFacts): Check[] {
  const {host, presence} = facts
  if (host === undefined && presence === undefined) {
    return [wrong('plugin.configured', 'info', 'OpenClaw is not configured here, so nothing is captured by a plugin')]
  }
  return [...checkEntry(facts), ...checkPresence(facts), ...checkConversation(facts), ...checkInjection(facts)]
}

function checkEntry({host}: PluginFacts): Check[] {
  const checks: Check[] = []
  const entries = valueAt(host, ['plugins', 'entries'])
  const own = valueAt(entries, [id])
  const theirs = valueAt(entries, ['event-server-plugin'])
  const allowed = valueAt(host, ['plugins', 'allow'])
  const denied = valueAt(host, ['plugins', 'deny'])
  if (own === undefined) {
    const fix = `openclaw plugins install ${id} --accept-capabilities`
    checks.push(wrong('plugin.configured', 'warning', `plugins.entries has no "${id}"`, fix))
  } else if (valueAt(own, ['enabled']) === false || valueAt(host, ['plugins', 'enabled']) === false) {
    checks.push(wrong('plugin.configured', 'error', 'the plugin is switched off', `openclaw plugins enable ${id}`))
  } else checks.push(fine('plugin.configured', 'OpenClaw is told to load the plugin'))
  if (Array.isArray(allowed) && !allowed.includes(id)) {
    const fix = `add "${id}" to plugins.allow`
    checks.push(wrong('plugin.allowed', 'error', 'plugins.allow does not name the plugin, so it is not loaded', fix))
  }
  if (Array.isArray(denied) && denied.includes(id)) {
    checks.push(wrong('plugin.allowed', 'error', 'plugins.deny names the plugin', `take "${id}" out of plugins.deny`))
  }
  if (own !== undefined && valueAt(theirs, ['enabled']) === true) {
    const message = 'the event-server plugin is switched on beside this one: events are handled twice'
    checks.push(wrong('plugin.single', 'warning', message, 'openclaw plugins disable event-server-plugin'))
  }
  return checks
}

function checkPresence({presence, isAlive, stateDir}: PluginFacts): Check[] {
  if (presence === undefined) {
    const fix = 'start the gateway, then look into its log for "claw-events"'
    return [wrong('plugin.loaded', 'warning', `the plugin was never loaded with the state directory ${stateDir}`, fix)]
  }
  const {pid, loadedAt, version, guard, hostStateDir} = presence
  const checks = [
    isAlive(pid)
      ? fine('plugin.loaded', `version ${version} runs in process ${pid} since ${loadedAt}`)
      : wrong('plugin.loaded', 'info', `last loaded ${loadedAt}; that process has ended`, 'start the gateway'),
  ]
  if (hostStateDir !== undefined && !isSamePath(hostStateDir, stateDir)) {
    const message = `OpenClaw keeps its state in ${hostStateDir}, this command looks into ${stateDir}`
    checks.push(wrong('plugin.state-directory', 'error', message, `--state ${hostStateDir}`))
  }
  if (guard.fault !== undefined) {
    const message = `every tool call is blocked, because the policy could not be loaded: ${guard.fault}`
    checks.push(wrong('plugin.guard', 'error', message, 'claw-events config check'))
  } else {
    const how = guard.enabled ? `on${guard.dryRun ? ', dry run' : ''}, ${guard.rules} rules` : 'off'
    checks.push(fine('plugin.guard', `the tool guard is ${how}`))
  }
  return checks
}

/** OpenClaw leaves such hooks out with nothing but a line in its log. */
function checkConversation({host, wantsConversation}: PluginFacts): Check[] {
  const isAllowed = valueAt(host, ['plugins', 'entries', id, 'hooks', 'allowConversationAccess']) === true
  if (isAllowed) return [fine('plugin.conversation', 'prompts and model calls are recorded')]
  const fix = `set plugins.entries.${id}.hooks.allowConversationAccess to true`
  return wantsConversation
    ? [wrong('plugin.conversation', 'error', 'OpenClaw does not let the plugin add context to prompts', fix)]
    : [wrong('plugin.conversation', 'info', 'OpenClaw does not tell the plugin of prompts and model calls', fix)]
}

/** OpenClaw then drops what the plugin would add, without a word. */
function checkInjection({host, wantsContext}: PluginFacts): Check[] {
  const isForbidden = valueAt(host, ['plugins', 'entries', id, 'hooks', 'allowPromptInjection']) === false
  if (!isForbidden || !wantsContext) return []
  const message = 'OpenClaw does not let the plugin add context to prompts: hooks.allowPromptInjection is false'
  const fix = `set plugins.entries.${id}.hooks.allowPromptInjection to true, or context.enabled to false`
  return [wrong('plugin.injection', 'error', message, fix)]
}

function isSamePath(one: string, other: string): boolean {
  const real = (path: string) => {
    try {
      return realpathSync(path)
    } catch {
      return path
    }
  }
  return real(one) === real(other)
}
