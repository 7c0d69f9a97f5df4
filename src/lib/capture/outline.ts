import {hash} from 'node:crypto'
import {keysOf, valueAt} from './fields.ts'
import type {HostCall} from './host-call.ts'
import type {PromptSizes} from './memory.ts'
import {snapshotOf, snapshotOfValue} from './snapshot.ts'

/** Longer texts are content. */
const shortText = 200
/** Texts that are content however short they are. */
const contents: ReadonlySet<string> = new Set([
  'prompt',
  'systemPrompt',
  'currentUserMessage',
  'cleanedBody',
  'content',
])
/** Whether these are there is said also where they are not. */
const asked: Readonly<Record<string, string>> = {
  before_compaction: 'sessionFile',
  after_compaction: 'sessionFile',
  before_reset: 'sessionFile',
  llm_input: 'systemPrompt',
  llm_output: 'lastAssistant',
}

/**
 * What a hook with prompts and messages tells without them: sizes, counts and short facts, by the event-server plugin's
 * names (`promptLength`, `messageCount`, `messageRoles`, `hasSystemPrompt`, …).
 */
export function outlineOf({row, event}: Pick<HostCall, 'row' | 'event'>): Record<string, unknown> {
  const outline: Record<string, unknown> = {}
  const about = asked[row.hook]
  if (about !== undefined) outline[flagOf(about)] = isSomething(valueAt(event, about))
  for (const key of keysOf(event)) {
    for (const [name, value] of Object.entries(outlineField(key, valueAt(event, key)))) {
      // What the host counts itself wins: compaction tells of more messages than it hands over.
      if (name === key || valueAt(event, name) === undefined) outline[name] = value
    }
  }
  return outline
}

/** The same, with everything. */
export function wholeOf(host: Pick<HostCall, 'row' | 'event'>): {
  data: Record<string, unknown>
  cut: readonly string[]
} {
  const {data, cut} = snapshotOf(host.event)
  return {data: {...outlineOf(host), ...data}, cut}
}

function outlineField(key: string, value: unknown): Record<string, unknown> {
  if (Array.isArray(value)) return outlineList(key, value)
  if (key === 'usage') return {usage: snapshotOfValue(value)}
  if (key === 'lastAssistant' || key === 'sessionFile') return {[flagOf(key)]: isSomething(value)}
  if (key === 'error')
    return typeof value === 'string' ? {error: value.slice(0, 2000)} : {[flagOf(key)]: isSomething(value)}
  if (typeof value === 'string') {
    const isContent = contents.has(key) || value.length > shortText
    const length = {[`${key}Length`]: value.length}
    return isContent ? (key === 'systemPrompt' ? {...length, hasSystemPrompt: value !== ''} : length) : {[key]: value}
  }
  if (typeof value === 'object' && value !== null) return {[flagOf(key)]: true}
  return {[key]: snapshotOfValue(value)}
}

function outlineList(key: string, list: readonly unknown[]): Record<string, unknown> {
  const name = key.replace(/s$/, '')
  const count = {[`${name}Count`]: list.length}
  if (key === 'assistantTexts')
    return {...count, assistantTextLengths: list.map((text) => (typeof text === 'string' ? text.length : 0))}
  if (!/messages$/i.test(key) || list.length === 0) return count
  return {...count, [`${name}Roles`]: rolesOf(list), ...(key === 'messages' && lastStop(list))}
}

function rolesOf(messages: readonly unknown[]): Record<string, number> {
  const roles: Record<string, number> = {}
  for (const message of messages) {
    const role = valueAt(message, 'role')
    const name = typeof role === 'string' && role.trim() !== '' && role !== '__proto__' ? role.slice(0, 40) : 'unknown'
    roles[name] = (Object.hasOwn(roles, name) ? roles[name]! : 0) + 1
  }
  return roles
}

/** How the last answer ended: hosts call a turn a success that ended in a provider's error. */
function lastStop(messages: readonly unknown[]): Record<string, unknown> | undefined {
  const reason = valueAt(messages.at(-1), 'stopReason')
  return typeof reason === 'string' ? {lastStopReason: reason.slice(0, 40)} : undefined
}

function flagOf(key: string): string {
  return `has${key.charAt(0).toUpperCase()}${key.slice(1)}`
}

function isSomething(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/** What was added to a prompt between its making and the model. Takes note of the sizes on the way. */
export function promptChanges(
  {row, event}: Pick<HostCall, 'row' | 'event'>,
  sizes: PromptSizes,
): Record<string, unknown> | undefined {
  const prompt = valueAt(event, 'prompt')
  const length = typeof prompt === 'string' ? prompt.length : 0
  if (row.hook === 'before_model_resolve') sizes.resolveLength = length
  if (row.hook === 'before_prompt_build') {
    sizes.buildLength = length
    sizes.buildDigest = digestOf(prompt)
    sizes.buildMessages = lengthOf(valueAt(event, 'messages'))
  }
  if (row.hook !== 'llm_input') return undefined
  const {resolveLength, buildLength, buildDigest, buildMessages} = sizes
  return {
    ...(buildDigest !== undefined && {promptChangedFromBeforePromptBuild: digestOf(prompt) !== buildDigest}),
    ...(buildLength !== undefined && {promptLengthDeltaFromBeforePromptBuild: length - buildLength}),
    ...(resolveLength !== undefined && {promptLengthDeltaFromBeforeModelResolve: length - resolveLength}),
    ...(buildMessages !== undefined && {
      historyMessageCountDeltaFromBeforePromptBuild: lengthOf(valueAt(event, 'historyMessages')) - buildMessages,
    }),
  }
}

function digestOf(prompt: unknown): string {
  return hash('sha256', typeof prompt === 'string' ? prompt : '')
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0
}
