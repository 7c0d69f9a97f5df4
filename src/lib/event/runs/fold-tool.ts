import {type Fields, numberIn, own, textIn} from '../dialects/fields.ts'
import type {ClawEvent} from '../envelope.ts'
import {isObject} from '../json.ts'
import type {Decision, ToolStep} from './model.ts'
import {addStep, type KnownCall, type RunFold, stepLimit} from './run-fold.ts'

const calls: ReadonlySet<string> = new Set(['tool.called', 'conversation.tool_call'])
const ends: ReadonlySet<string> = new Set(['tool.completed', 'tool.error', 'conversation.tool_result'])

export function isToolType(type: string): boolean {
  return calls.has(type) || ends.has(type) || type.startsWith('tool.guard.') || type.startsWith('approval.')
}

/** Adds a call, its end, or a decision about it. */
export function foldTool(fold: RunFold, event: ClawEvent, atMs: number): void {
  if (calls.has(event.type)) foldCall(fold, event, atMs)
  else if (ends.has(event.type)) foldEnd(fold, event, atMs)
  else foldDecision(fold, event, atMs)
}

/** Sources differ in whether a call is told before or after it was judged, and two may tell of one call. */
function foldCall(fold: RunFold, event: ClawEvent, atMs: number): void {
  const last = callsOf(fold, event).at(-1)
  const known = last && (last.step.endMs === undefined || !last.isCalled) ? last : addCall(fold, event, atMs)
  const {step} = known
  known.isCalled = true
  step.startMs = Math.min(step.startMs, atMs)
  if (step.params === undefined) step.params = fold.keep(own(event.data, 'params'))
  noteEvent(step, event)
}

function foldEnd(fold: RunFold, event: ClawEvent, atMs: number): void {
  const {data, type, error, result} = event
  const {step} = openCall(fold, event) ?? addCall(fold, event, atMs - (numberIn(own(data, 'durationMs')) ?? 0))
  noteEvent(step, event)
  const isBlockedAlready = step.status === 'blocked'
  // A source may tell of an end that another one told of already.
  if (step.endMs !== undefined && !isBlockedAlready) return
  step.endMs = Math.max(step.startMs, atMs)
  if (step.params === undefined) step.params = fold.keep(own(data, 'params'))
  const outcome = own(data, 'result') ?? result
  const details = isObject(outcome) ? own(outcome, 'details') : undefined
  const reason = isObject(details) && own(details, 'status') === 'blocked' ? textIn(own(details, 'reason')) : undefined
  const message = error?.message ?? textIn(own(data, 'error'))
  const hasFailed = type === 'tool.error' || message !== undefined
  step.result = fold.keep(outcome)
  if (isBlockedAlready || reason !== undefined) {
    step.status = 'blocked'
    step.error ??= {message: reason ?? 'blocked', kind: 'blocked'}
  } else if (hasFailed) {
    step.status = 'failed'
    step.error = {message: message ?? 'the call failed', ...(error?.kind && {kind: error.kind})}
  } else step.status = 'ok'
}

function foldDecision(fold: RunFold, event: ClawEvent, atMs: number): void {
  const {type, data} = event
  const {step} = openCall(fold, event) ?? addCall(fold, event, atMs)
  if (step.params === undefined && type !== 'tool.guard.allowed') step.params = fold.keep(own(data, 'params'))
  const decision = decisionOf(type, data, atMs)
  step.decisions.push(decision)
  noteEvent(step, event)
  if (type !== 'tool.guard.blocked') return
  step.status = 'blocked'
  step.endMs ??= Math.max(step.startMs, atMs)
  step.error ??= {message: decision.reason ?? 'blocked by the guard', kind: 'blocked'}
}

function decisionOf(type: string, data: Fields, atMs: number): Decision {
  const texts = {
    ruleId: textIn(own(data, 'matchedRuleId')),
    actionId: textIn(own(data, 'matchedActionId')),
    source: textIn(own(data, 'decisionSource')),
    reason: textIn(own(data, 'blockReason')) ?? textIn(own(data, 'reason')) ?? textIn(own(data, 'title')),
    decision: textIn(own(data, 'decision')),
  }
  const known = Object.entries(texts).filter(([, text]) => text !== undefined)
  return {atMs, type, ...Object.fromEntries(known)}
}

function callsOf({calls: known}: RunFold, {toolCallId, data}: ClawEvent): KnownCall[] {
  const key = toolCallId === undefined ? `name ${textIn(own(data, 'toolName'))}` : `id ${toolCallId}`
  const found = known.get(key) ?? []
  if (found.length === 0 && known.size < stepLimit) known.set(key, found)
  return found
}

/**
 * The call that an end or a decision is about: one that has not ended. Without an id the first that is open, since two
 * calls of one tool are two calls; with one, an end may come twice.
 */
function openCall(fold: RunFold, event: ClawEvent): KnownCall | undefined {
  const known = callsOf(fold, event)
  const isOpen = ({step}: KnownCall) => step.endMs === undefined
  return event.toolCallId === undefined ? known.find(isOpen) : (known.findLast(isOpen) ?? known.at(-1))
}

function addCall(fold: RunFold, event: ClawEvent, startMs: number): KnownCall {
  const {toolCallId, data} = event
  const known = callsOf(fold, event)
  const parentToolCallId = textIn(own(data, 'parentToolCallId')) ?? outerCallOf(toolCallId)
  const step: ToolStep = {
    kind: 'tool',
    toolCallId,
    nth: known.length,
    toolName: textIn(own(data, 'toolName')) ?? 'unknown',
    startMs,
    status: 'running',
    decisions: [],
    eventIds: [],
    ...(parentToolCallId !== undefined && {parentToolCallId}),
  }
  const call = {step, isCalled: false}
  known.push(call)
  addStep(fold, step)
  return call
}

/** The host names a call within a call `tool_search_code:<outer>:<tool>:<n>`. */
function outerCallOf(toolCallId: string | undefined): string | undefined {
  return /^tool_search_code:(.+):[^:]*:\d+$/.exec(toolCallId ?? '')?.[1]
}

function noteEvent({eventIds}: ToolStep, {eventId}: ClawEvent): void {
  if (!eventIds.includes(eventId)) eventIds.push(eventId)
}
