import type {Origins} from './layers.ts'
import type {Config} from './schema.ts'

/** What the host lets a before_tool_call hook take where its configuration does not say; later is a blocked call. */
const hostBudgetMs = 15_000

/** What is allowed and probably not meant. */
export function remarks(
  config: Config,
  {origins, hookBudgetMs = hostBudgetMs}: {origins: Origins; hookBudgetMs?: number},
): string[] {
  return [
    guardBudget(config, hookBudgetMs),
    eventLogOff(config, origins),
    scriptsOff(config),
    statusWindows(config),
  ].filter((note) => note !== undefined)
}

function guardBudget({hookBridge: {toolGuard}}: Config, budgetMs: number): string | undefined {
  const usesActions = toolGuard.rules.some(({action, decision}) => action !== undefined && decision === undefined)
  if (!toolGuard.enabled || !usesActions || toolGuard.timeoutMs < budgetMs) return undefined
  return (
    `hookBridge.toolGuard.timeoutMs is ${toolGuard.timeoutMs}, but the host blocks a call that is not decided within ` +
    `${budgetMs} ms: lower it, or raise plugins.entries["claw-events"].hooks.timeouts.before_tool_call`
  )
}

/** The event-server plugin writes its file unless told not to; here it is the other way round. */
function eventLogOff({eventLog}: Config, origins: Origins): string | undefined {
  const places = [...origins.keys()].filter((place) => place.startsWith('eventLog.'))
  if (eventLog.enabled || places.length === 0 || places.includes('eventLog.enabled')) return undefined
  return 'eventLog is configured but off: set eventLog.enabled to true to have events written to a file as well'
}

function scriptsOff({hookBridge: {actions, allowedActionDirs}}: Config): string | undefined {
  const script = Object.entries(actions).find(([, {type}]) => type === 'local_script')
  if (script === undefined || allowedActionDirs.length > 0) return undefined
  return `hookBridge.allowedActionDirs is empty, so no script may run (${script[0]} is one)`
}

function statusWindows({status: {workingWindowMs, sleepingWindowMs}}: Config): string | undefined {
  if (workingWindowMs < sleepingWindowMs) return undefined
  return `status.workingWindowMs (${workingWindowMs}) is not below status.sleepingWindowMs (${sleepingWindowMs}): no agent is ever idle`
}
