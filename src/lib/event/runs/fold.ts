import {type Fields, numberIn, own, textIn} from '../dialects/fields.ts'
import type {ClawEvent, StoredEvent} from '../envelope.ts'
import {isObject} from '../json.ts'
import {timeOf} from '../timestamp.ts'
import {foldTool, isToolType} from './fold-tool.ts'
import type {MessageStep, ModelStep, Run, Usage} from './model.ts'
import {addStep, type RunFold} from './run-fold.ts'

export type RunEvent = ClawEvent & Partial<Pick<StoredEvent, 'storedAt'>>

/** Events that repeat what others say: how busy an agent is, a result on its way into the transcript. */
const silentTypes =
  /^(agent\.(activity|status|sub_agent_spawn|run_status|lifecycle|tool|item|usage|command_output)|tool\.result_persist)$/

/** Adds one event to its run. Events come in log order; what comes twice counts once. */
export function foldEvent(fold: RunFold, event: RunEvent): void {
  const {run} = fold
  const atMs = eventMs(event)
  run.sessionId ??= event.sessionId
  run.sessionKey ??= event.sessionKey
  if (run.agentId === 'system') run.agentId = event.agentId
  if (run.status === 'running') run.endMs = Math.max(run.endMs, atMs)
  foldModelNames(run, event)
  foldReply(fold, event, atMs)
  const {type} = event
  if (type.startsWith('lifecycle.')) foldLifecycle(fold, event, atMs)
  else if (isToolType(type)) foldTool(fold, event, atMs)
  else if (type.startsWith('model.call.')) foldModelCall(fold, event, atMs)
  else if (type === 'conversation.message.in' || type === 'conversation.message.out') foldMessage(fold, event, atMs)
  else if (type === 'agent.llm_output') foldUsage(fold, own(event.data, 'usage'))
  else if (type === 'agent.llm_input' || type === 'agent.end' || silentTypes.test(type)) return
  else if (!type.startsWith('agent.before_')) foldNote(fold, event, atMs)
}

/** When an event happened; when it was stored, where it does not say. */
export function eventMs(event: RunEvent): number {
  const time = timeOf(event)
  if (!Number.isNaN(time)) return time
  const stored = event.storedAt === undefined ? Number.NaN : Date.parse(event.storedAt)
  return Number.isNaN(stored) ? 0 : stored
}

function foldModelNames(run: Run, {type, data, metadata = {}}: ClawEvent): void {
  if (!/^(lifecycle|model|agent|conversation|tool)\./.test(type)) return
  run.provider = textIn(own(metadata, 'provider')) ?? textIn(own(data, 'provider')) ?? run.provider
  run.model = textIn(own(metadata, 'model')) ?? textIn(own(data, 'model')) ?? run.model
}

function foldLifecycle(fold: RunFold, {type, data, error, metadata = {}}: ClawEvent, atMs: number): void {
  const {run} = fold
  const startedAt = numberIn(own(data, 'startedAt'))
  if (type === 'lifecycle.start') {
    run.startMs = startedAt ?? atMs
    fold.isStarted = true
    return
  }
  if (!fold.isStarted && startedAt !== undefined) run.startMs = startedAt
  foldUsage(fold, own(metadata, 'usage'))
  // An aborted run ends twice, by `end` and by `error`: what the first said stays.
  const isFirst = run.status === 'running'
  if (isFirst) run.endMs = Math.max(run.startMs, numberIn(own(data, 'endedAt')) ?? atMs)
  const stopReason = textIn(own(data, 'stopReason'))
  if (stopReason !== undefined) run.stopReason ??= stopReason
  if (type === 'lifecycle.error') {
    const observed = own(data, 'errorObservation')
    const kind = isObject(observed) ? textIn(own(observed, 'failoverReason')) : undefined
    run.error ??= {message: error?.message ?? textIn(own(data, 'error')) ?? 'the run failed', ...(kind && {kind})}
    if (isFirst) run.status = own(data, 'aborted') === true ? 'cancelled' : 'failed'
  } else if (isFirst) run.status = own(data, 'aborted') === true ? 'cancelled' : 'completed'
}

function foldModelCall(fold: RunFold, {type, data, eventId}: ClawEvent, atMs: number): void {
  const callId = textIn(own(data, 'callId')) ?? eventId
  const known = fold.models.get(callId)
  const startMs = atMs - (type === 'model.call.started' ? 0 : (numberIn(own(data, 'durationMs')) ?? 0))
  const step: ModelStep = known ?? {kind: 'model', callId, startMs}
  if (!known) addModel(fold, step)
  fold.hasModelHooks = true
  step.provider = textIn(own(data, 'provider')) ?? step.provider
  step.model = textIn(own(data, 'model')) ?? step.model
  if (type === 'model.call.started') return
  step.endMs = Math.max(step.startMs, atMs)
  if (own(data, 'outcome') !== 'error') return
  const kind = textIn(own(data, 'failureKind')) ?? textIn(own(data, 'errorCategory'))
  step.error = {message: textIn(own(data, 'error')) ?? kind ?? 'the call to the model failed', ...(kind && {kind})}
}

function addModel(fold: RunFold, step: ModelStep): void {
  fold.models.set(step.callId, step)
  addStep(fold, step)
}

/** How many steps back a streamed message may have begun. */
const partReach = 50

function foldMessage(fold: RunFold, event: ClawEvent, atMs: number): void {
  const {type, data, eventId} = event
  const text = textIn(own(data, 'text')) ?? ''
  const direction = type === 'conversation.message.in' ? 'in' : 'out'
  const part = textIn(own(data, 'itemId')) ?? ''
  const kept = String(fold.keep(text) ?? '')
  const before = direction === 'out' ? earlierPart(fold.run, part, kept) : undefined
  if (before) Object.assign(before, {text: kept, eventId})
  else if (text !== '') addStep(fold, {kind: 'message', direction, atMs, text: kept, part, eventId})
}

/** Hosts send a text again and again as it grows: only the last is what was said. */
function earlierPart({steps}: Run, part: string, text: string): MessageStep | undefined {
  const last = steps
    .slice(-partReach)
    .findLast((step) => step.kind === 'message' && step.direction === 'out' && step.part === part)
  if (last?.kind !== 'message' || (part === '' && steps.at(-1) !== last)) return undefined
  return text.startsWith(last.text) ? last : undefined
}

/** What comes from a transcript tells of the call to the model that it came from, where no hook did. */
function foldReply(fold: RunFold, {metadata = {}}: ClawEvent, atMs: number): void {
  const callId = textIn(own(metadata, 'responseId'))
  const startMs = numberIn(own(metadata, 'modelStartedAt'))
  if (callId === undefined || startMs === undefined || fold.hasModelHooks || fold.models.has(callId)) return
  const usage = usageOf(own(metadata, 'usage'))
  const stopReason = textIn(own(metadata, 'stopReason'))
  const {provider, model} = fold.run
  const times = {startMs, endMs: Math.max(startMs, atMs)}
  const known = {...(usage && {usage}), ...(stopReason && {stopReason})}
  addModel(fold, {kind: 'model', callId, responseId: callId, ...times, provider, model, ...known})
  if (usage && !fold.hasUsage) fold.run.usage = sumOf(fold.run.usage, usage)
}

function sumOf(one: Usage = {}, other: Usage): Usage {
  const sum = {...one}
  for (const name of usageNames) if (other[name] !== undefined) sum[name] = (sum[name] ?? 0) + other[name]
  return sum
}

/** What the run used in all, as the host counts it. */
function foldUsage(fold: RunFold, value: unknown): void {
  const usage = usageOf(value)
  if (!usage) return
  fold.run.usage = usage
  fold.hasUsage = true
}

const usageNames = ['input', 'output', 'cacheRead', 'cacheWrite'] as const

function usageOf(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined
  const usage: Usage = {}
  for (const name of usageNames) {
    const tokens = numberIn(own(value, name)) ?? (name === 'output' ? numberIn(own(value, 'outputTokens')) : undefined)
    if (tokens !== undefined) usage[name] = tokens
  }
  return Object.keys(usage).length > 0 ? usage : undefined
}

function foldNote(fold: RunFold, {type, data, eventId, error}: ClawEvent, atMs: number): void {
  const text = error?.message ?? noteText(data)
  addStep(fold, {kind: 'note', type, atMs, ...(text !== undefined && {text: String(fold.keep(text) ?? '')}), eventId})
}

function noteText(data: Fields): string | undefined {
  for (const name of ['text', 'content', 'reason', 'message', 'error', 'status']) {
    const text = textIn(own(data, name))
    if (text !== undefined) return text
  }
  return undefined
}
