// The library's public face; names are listed by hand, so that adding one is a decision.
import {openAgentEventSystem} from './lib/wiring/agent-event-system.ts'

export type {
  AgentEventInput,
  AgentEventPayload,
  AgentEventSystem,
  AgentRunContext,
} from './lib/agent-events/agent-events.ts'
export {ClawError, type ErrorCode} from './lib/errors.ts'
export type {ClawEvent, Position, StoredEvent, Visibility} from './lib/event/envelope.ts'
export {makeEvent} from './lib/event/make.ts'
export {normalize} from './lib/event/normalize.ts'
export {toView} from './lib/event/views.ts'
export {compileFilter} from './lib/filter/compile.ts'
export type {Filter} from './lib/filter/filter.ts'
export {parseFilter} from './lib/filter/parse.ts'
export type {ActionOutcome, RunAction} from './lib/guard/action-port.ts'
export type {ToolCall} from './lib/guard/call.ts'
export {type CompiledPolicy, compilePolicy} from './lib/guard/compile.ts'
export {type EvaluateOptions, evaluate} from './lib/guard/evaluate.ts'
export type {Policy} from './lib/guard/policy.ts'
export {GuardState} from './lib/guard/state.ts'
export type {Verdict} from './lib/guard/verdict.ts'
export type {
  AppendOptions,
  AppendResult,
  EventStore,
  FollowHealth,
  FollowOptions,
  Grouping,
  ReadRange,
  StoreDescription,
  Tally,
} from './lib/store/port.ts'
export {openStoreUrl as openStore} from './lib/wiring/open-url.ts'

/**
 * The agent event system (S2) of this program, for programs that are not OpenClaw. A listener or a transcript that
 * fails is told as a warning of the process.
 */
export const {emitAgentEvent, onAgentEvent, registerAgentRunContext} = openAgentEventSystem({
  environment: process.env,
  now: Date.now,
  onFault: (fault) => process.emitWarning(fault instanceof Error ? fault : String(fault)),
})
