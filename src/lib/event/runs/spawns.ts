import {own, textIn} from '../dialects/fields.ts'
import type {ClawEvent} from '../envelope.ts'
import {isObject} from '../json.ts'

/** That one run started another, as far as one event tells. */
export interface Spawn {
  childRunId?: string
  childSessionKey: string
  /** Of the run that started it. */
  parentRunId?: string
  parentSessionKey?: string
  /** The call by which it did. */
  toolCallId?: string
}

/** What an event tells of a child: the end of the call that started it knows best, the host's own hook is the other. */
export function spawnIn(event: ClawEvent): Spawn | undefined {
  if (event.type === 'tool.completed' || event.type === 'conversation.tool_result') return spawnByCall(event)
  return event.type === 'subagent.spawned' || event.type === 'subagent.ended' ? spawnByHook(event) : undefined
}

function spawnByCall({data, result, runId, sessionKey, toolCallId}: ClawEvent): Spawn | undefined {
  const outcome = own(data, 'result') ?? result
  const details = isObject(outcome) ? (own(outcome, 'details') ?? outcome) : undefined
  const told = isObject(details) && textIn(own(details, 'childSessionKey')) ? details : spawnInText(data, outcome)
  const childSessionKey = told && textIn(own(told, 'childSessionKey'))
  if (told === undefined || childSessionKey === undefined) return undefined
  const childRunId = textIn(own(told, 'runId'))
  return {childSessionKey, childRunId, parentRunId: runId, parentSessionKey: sessionKey, toolCallId}
}

/** The answer of a spawning tool where only its text was kept. */
const longestAnswer = 10_000

function spawnInText(data: Record<string, unknown>, outcome: unknown): Record<string, unknown> | undefined {
  if (!/spawn/i.test(textIn(own(data, 'toolName')) ?? '') || !isObject(outcome)) return undefined
  const content = own(outcome, 'content')
  const first: unknown = Array.isArray(content) ? content[0] : undefined
  const text = isObject(first) ? textIn(own(first, 'text')) : undefined
  if (text === undefined || text.length > longestAnswer) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function spawnByHook({data, runId, sessionKey}: ClawEvent): Spawn | undefined {
  const childSessionKey = textIn(own(data, 'childSessionKey')) ?? textIn(own(data, 'targetSessionKey'))
  if (childSessionKey === undefined) return undefined
  const requester = textIn(own(data, 'parentSessionKey')) ?? textIn(own(data, 'requesterSessionKey'))
  const parentSessionKey = requester ?? (sessionKey === childSessionKey ? undefined : sessionKey)
  // The hook is called in the name of the child's run.
  const childRunId = textIn(own(data, 'childRunId')) ?? textIn(own(data, 'runId')) ?? runId
  return {childSessionKey, childRunId, parentSessionKey}
}

/** The child run whose end a run reports to the one that started it: the host names such runs after it. */
export function announcedRunOf(runId: string): string | undefined {
  return /^announce:v\d+:.+:([^:]+)$/.exec(runId)?.[1]
}
