import {ClawError, Exit} from '../errors.ts'
import {isFields, type KeyPath} from './key-path.ts'
import {isSecretPath, maskLogin, maskText} from './secret-keys.ts'

/** One thing that is wrong with the configuration. */
export interface Fault {
  /** Where: `security.ws.ports[2]`. Empty for a file as a whole. */
  path: string
  expected: string
  /** What stands there, shortened; a secret only as "a text". */
  found: string
  /** The file or the environment variable it comes from. */
  source: string
  /** What was probably meant. */
  suggestion?: string
}

/** One line for each fault: `openclaw.json: eventStore.retention.maxAge: expected a duration such as "30d", found 30`. */
export function formatFaults(faults: readonly Fault[]): string {
  return faults.map(formatFault).join('\n')
}

function formatFault({source, path, expected, found, suggestion}: Fault): string {
  const place = path === '' || path === source ? source : `${source}: ${path}`
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  return `${place}: expected ${expected}, found ${found}${hint}`
}

/** All faults as the one error that a command ends with. */
export function configError(faults: readonly Fault[]): ClawError {
  const heading =
    faults.length === 1 ? 'the configuration has a fault' : `the configuration has ${faults.length} faults`
  return new ClawError('CONFIG_INVALID', `${heading}\n${formatFaults(faults)}`, {
    exit: Exit.usage,
    suggestions: [
      'correct it and run `claw-events config check`; `claw-events config show` tells where each value comes from',
    ],
  })
}

/**
 * Whether the fault may concern what the guard does: its policy, its actions, or a file that could not be read at
 * all. The plugin blocks tools on such a fault and keeps its defaults on any other.
 */
export function isGuardFault({path, suggestion}: Fault): boolean {
  if (path === '' || suggestion?.startsWith('hookBridge')) return true
  if (path.startsWith('CLAW_EVENTS_HOOK_BRIDGE')) return true
  return /^hookBridge\b/.test(path) && !/^hookBridge\.(?:enabled|dryRun|rules|runtime|telemetry)\b/.test(path)
}

const longestFound = 60

/** A value as a fault may show it: short, and never a secret. */
export function foundText(path: KeyPath, value: unknown): string {
  if (value === undefined) return 'nothing'
  if (isSecretPath(path)) return kindText(value)
  if (typeof value === 'string') {
    return JSON.stringify(shorten(path.at(-1) === 'url' ? maskLogin(value) : maskText(value)))
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return isFields(value) ? 'an object' : shorten(String(value))
}

function kindText(value: unknown): string {
  if (value === '') return 'an empty text'
  if (value === null || Array.isArray(value) || isFields(value)) return foundText([], value)
  return typeof value === 'string' ? 'a text (hidden)' : `a ${typeof value} (hidden)`
}

function shorten(text: string): string {
  return text.length <= longestFound ? text : `${text.slice(0, longestFound).toWellFormed()}…`
}

/** Two faults that say the same of the same place are one. */
export function distinct(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [formatFault(fault), fault])).values()]
}
