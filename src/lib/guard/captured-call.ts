import {messageOf} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'
import {isObject} from '../event/json.ts'
import {normalize} from '../event/normalize.ts'
import {timeOf} from '../event/timestamp.ts'
import type {Fields} from '../match/paths.ts'
import type {ToolCall} from './call.ts'

/** What a captured record is: a call, another event that may tell what was used, or nothing readable. */
export type Captured =
  /** `isPartial`: something of it was redacted or cut off before it was captured. */
  | {kind: 'call'; call: ToolCall; at: number | undefined; isPartial: boolean}
  | {kind: 'event'; event: ClawEvent}
  | {kind: 'blank'}
  | {kind: 'fault'; error: string}

interface Redaction {
  redactedAs: string
  isPartial: boolean
}

/**
 * Reads one record: a call object (`toolName`, `params`, ids, optional `timestamp`) or an event of any dialect. What
 * an event lost when it was captured reads as `redactedAs`, so that no rule takes it for the whole.
 */
export function readCaptured(text: string, redactedAs: string): Captured {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (text.trim() === '') return {kind: 'blank'}
    return {kind: 'fault', error: `not JSON: ${messageOf(error)}`}
  }
  if (!isObject(value)) return {kind: 'fault', error: `expected a call object, found ${nameOf(value)}`}
  // The search is over the text: most calls were never redacted, and need no walk to find out.
  const isPartial = text.includes(redactedAs)
  const isCall = Object.hasOwn(value, 'toolName') && !Object.hasOwn(value, 'data')
  return isCall ? readCall(value, value, {redactedAs, isPartial}) : readEvent(value, {redactedAs, isPartial})
}

function readEvent(value: Fields, redaction: Redaction): Captured {
  let event: ClawEvent
  try {
    event = normalize(value)
  } catch (error) {
    const hint = Object.hasOwn(value, 'toolName') ? '' : 'toolName is missing, and it is no event either: '
    return {kind: 'fault', error: hint + messageOf(error)}
  }
  if (event.type !== 'tool.called') return {kind: 'event', event}
  const {toolName, params} = event.data
  const isPartial = redaction.isPartial || event.metadata?.['truncated'] !== undefined
  return readCall(
    {toolName, params: markCuts(event, params, redaction.redactedAs)},
    {...event},
    {...redaction, isPartial},
  )
}

function readCall({toolName, params}: Fields, envelope: Fields, {redactedAs, isPartial}: Redaction): Captured {
  if (typeof toolName !== 'string' || toolName === '') return expected('toolName', 'a text', toolName)
  const isCut = typeof params === 'string' && params.startsWith(redactedAs)
  if (!isCut && !isObject(params) && params !== undefined && params !== null)
    return expected('params', 'an object', params)
  const {agentId, sessionId, sessionKey, runId, toolCallId} = envelope
  const ids = [agentId, sessionId, sessionKey, runId, toolCallId]
  const wrong = ids.findIndex((id) => typeof id !== 'string' && id !== undefined && id !== null)
  if (wrong >= 0) return expected(idNames[wrong]!, 'a text', ids[wrong])
  const call: ToolCall = {
    toolName,
    params: (params ?? undefined) as ToolCall['params'],
    agentId: idOf(agentId),
    sessionId: idOf(sessionId),
    sessionKey: idOf(sessionKey),
    runId: idOf(runId),
    toolCallId: idOf(toolCallId),
  }
  const {timestamp} = envelope
  if (timestamp === undefined || timestamp === null) return {kind: 'call', call, at: undefined, isPartial}
  const at = typeof timestamp === 'number' ? timestamp : timeOf({timestamp: String(timestamp)})
  return Number.isFinite(at)
    ? {kind: 'call', call, at, isPartial}
    : expected('timestamp', 'RFC 3339 or epoch milliseconds', timestamp)
}

const idNames = ['agentId', 'sessionId', 'sessionKey', 'runId', 'toolCallId'] as const

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function expected(field: string, what: string, found: unknown): Captured {
  return {kind: 'fault', error: `${field}: expected ${what}, found ${nameOf(found)}`}
}

/** Strings that were cut to fit a store are marked as incomplete where they stand. */
function markCuts({metadata}: ClawEvent, params: unknown, redactedAs: string): unknown {
  const cuts = metadata?.['truncated']
  if (!Array.isArray(cuts)) return params
  let marked = params
  for (const cut of cuts) {
    const path = isObject(cut) && typeof cut['path'] === 'string' ? cut['path'] : ''
    if (path.startsWith('/data/params/')) markAt(marked, path.slice('/data/params/'.length).split('/'), redactedAs)
    else if (path === '' || path === '/data' || path === '/data/params') marked = redactedAs
  }
  return marked
}

function markAt(root: unknown, pointer: readonly string[], mark: string): void {
  let value = root
  for (const [index, escaped] of pointer.entries()) {
    const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return
    const holder = value as Record<string, unknown>
    // The event was parsed for us alone: nobody else sees it change.
    if (index === pointer.length - 1) holder[key] = `${holder[key]}${mark}`
    value = holder[key]
  }
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text
}
