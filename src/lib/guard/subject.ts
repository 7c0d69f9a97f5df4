import type {ClawEvent} from '../event/envelope.ts'
import {timeOf} from '../event/timestamp.ts'
import {callEvent, type ToolCall} from './call.ts'
import type {CompiledPolicy} from './compile.ts'
import type {Subject} from './condition.ts'
import {observe} from './observe.ts'
import type {GuardState} from './state.ts'
import {countRates, countUsage} from './usage-conditions.ts'

const nothingUsed = Object.freeze({})
const noRates: ReadonlySet<string> = new Set()
const never = () => false

/** A call made ready for the rules, and counted: in every rate, and for its session and run. */
export function createSubject(
  policy: CompiledPolicy,
  state: GuardState,
  call: ToolCall,
  {now, isLate = never}: {now: number; isLate?: () => boolean},
): Subject {
  const exceeded = policy.rates.length === 0 ? noRates : new Set<string>()
  // All fields from the start, in one order: every condition reads this object.
  const subject: Subject = {
    event: callEvent(call, policy.readsTime ? now : undefined),
    now,
    exceeded,
    used: policy.countsUsage ? countUsage(call, state) : nothingUsed,
    isLate,
    doubt: undefined,
    doubtDetail: undefined,
    work: 0,
    path: undefined,
    value: undefined,
    url: undefined,
    hosts: undefined,
  }
  if (exceeded !== noRates) countRates(policy.rates, subject, state, exceeded as Set<string>)
  return subject
}

/** Brings rates and usage up to date with an event of the log: a new process begins where the last one ended. */
export function recount(policy: CompiledPolicy, state: GuardState, event: ClawEvent): void {
  observe(state, event)
  const {toolName, params} = event.data
  if (event.type !== 'tool.called' || typeof toolName !== 'string') return
  const {agentId, sessionId, sessionKey, runId} = event
  const call = {toolName, params: params as ToolCall['params'], agentId, sessionId, sessionKey, runId}
  createSubject(policy, state, call, {now: timeOf(event)})
}
