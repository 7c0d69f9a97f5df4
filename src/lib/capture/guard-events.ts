import type {Verdict} from '../guard/verdict.ts'
import type {Call} from './calls.ts'
import type {Draft} from './draft.ts'
import {present, valueAt} from './fields.ts'
import type {HostCall} from './host-call.ts'
import {type Snapshot, snapshotOf} from './snapshot.ts'
import {type ToolMemory, toolDraft, toolNameOf} from './tool-hooks.ts'

export interface GuardRecording {
  memory: ToolMemory
  /** What the policy wants hidden in the params of guard events. */
  hideParams?: (params: unknown) => unknown
}

/** Whether a rule matched, or the call was not simply allowed. */
export function isWorthTelling(verdict: Verdict): boolean {
  return hasMatched(verdict) || verdict.verdict !== 'allow'
}

function hasMatched({ruleId, source}: Verdict): boolean {
  return ruleId !== undefined || (source !== 'none' && source !== 'engine')
}

/**
 * What the guard said of a call: that a rule matched, and whether the call was allowed, blocked, or waits for a person.
 * In a dry run only what matched, and what would have been.
 */
export function guardEvents(recording: GuardRecording, host: HostCall, verdict: Verdict): Draft[] {
  const taken = snapshotOf(host.event)
  const call = callOf(recording.memory, host, taken)
  const draft = (type: string, data: Record<string, unknown> = {}) =>
    eventOf(recording, host, call, taken, type, {...decisionFields(verdict), ...data})
  const drafts = hasMatched(verdict) ? [draft('tool.guard.matched')] : []
  if (verdict.would !== undefined) return drafts
  return [...drafts, ...decided(recording, call, taken, verdict, draft)]
}

function decided(
  {memory}: GuardRecording,
  call: Call,
  taken: Snapshot,
  verdict: Verdict,
  draft: (type: string, data?: Record<string, unknown>) => Draft,
): Draft[] {
  switch (verdict.verdict) {
    case 'block':
      call.state = 'blocked'
      return [draft('tool.guard.blocked')]
    case 'ask':
      call.isAsked = true
      return [draft('approval.requested', {...verdict.ask})]
    case 'rewrite':
      memory.calls.expect(call, {...(valueAt(taken.data, 'params') as object | undefined), ...verdict.params})
      return [draft('tool.guard.allowed', {params: verdict.params})]
    default:
      return [draft('tool.guard.allowed')]
  }
}

/** What a person decided on a call that the guard asked about: `allow-once`, `allow-always`, `deny`, `timeout`, … */
export function approvalEvents(recording: GuardRecording, host: HostCall, verdict: Verdict, decision: string): Draft[] {
  const taken = snapshotOf(host.event)
  const call = callOf(recording.memory, host, taken)
  const isApproved = decision.startsWith('allow')
  if (!isApproved) call.state = 'blocked'
  const fields = {...decisionFields(verdict), decision}
  return [
    eventOf(recording, host, call, taken, 'approval.resolved', fields),
    eventOf(recording, host, call, taken, isApproved ? 'tool.guard.allowed' : 'tool.guard.blocked', fields),
  ]
}

/** The call that is judged; a new one where its own hook was not told of, or another plugin changed it beyond knowing. */
function callOf({calls}: ToolMemory, host: HostCall, {data}: Snapshot): Call {
  const toolName = toolNameOf(host)
  return calls.find(host, toolName, valueAt(data, 'params')) ?? calls.announce(host, toolName)
}

/** The event-server plugin's names, and what it has no name for under ours. */
function decisionFields({
  reason,
  ruleId,
  actionId,
  source,
  would,
  assumed,
}: Verdict): Record<string, unknown> | undefined {
  return present({
    blockReason: reason,
    matchedRuleId: ruleId,
    matchedActionId: actionId,
    decisionSource: source === 'none' ? undefined : source,
    would,
    assumed,
  })
}

function eventOf(
  {memory, hideParams}: GuardRecording,
  host: HostCall,
  call: Call,
  taken: Snapshot,
  type: string,
  fields: Record<string, unknown>,
): Draft {
  const {params} = {params: valueAt(taken.data, 'params'), ...fields}
  const data = {
    ...taken.data,
    ...fields,
    ...(params !== undefined && {params: hideParams === undefined ? params : hideParams(params)}),
  }
  return toolDraft(memory, host, call, type, {data, cut: taken.cut})
}
