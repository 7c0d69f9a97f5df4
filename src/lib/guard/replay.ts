import type {InputRecord} from '../input/records.ts'
import type {ActionOutcome, RunAction} from './action-port.ts'
import type {ToolCall} from './call.ts'
import {readCaptured} from './captured-call.ts'
import type {CompiledPolicy} from './compile.ts'
import type {CompiledRule} from './compile-rule.ts'
import {type Judgement, judge} from './judge.ts'
import {observe} from './observe.ts'
import {GuardState} from './state.ts'

/** A policy compiled for replay. */
export interface ReplayPolicy {
  live: CompiledPolicy
  /** Compiles the same for calls in which something was redacted; asked for once, when the first of them comes. */
  compileRedacted: () => CompiledPolicy
  /** The text that stands for what was redacted. */
  redactedAs: string
}

export interface ReplayOptions {
  /** Judge as if the policy were enabled and not in dry run. */
  asEnabled?: boolean
  /** Runs actions; without it a call that needs one is judged `action`. */
  runAction?: RunAction
  trace?: boolean
  /** Told of every rule that matched. */
  onMatch?: (rule: CompiledRule) => void
}

/** One judged call. */
export interface ReplayedCall {
  index: number
  line: number
  call: ToolCall
  at: number
  /** What live would do now. */
  verdict: Judgement['verdict']
  /** What live would do were the policy enabled and not in dry run, and why. */
  would: Judgement
}

export interface ReplayFault {
  line: number
  error: string
}

/** What a record turned out to be; `undefined` for a blank line or another event than a tool call. */
export type Replayed = {kind: 'call'; replayed: ReplayedCall} | {kind: 'fault'; fault: ReplayFault} | undefined

/** One second: how far apart calls without a time of their own are taken to be. */
const assumedGapMs = 1000

/**
 * Judges captured calls one after another as live would have: each at its own time, with one memory for all. Give it
 * the records in order; a promise must be awaited before the next one.
 */
export function createReplay({live, compileRedacted, redactedAs}: ReplayPolicy, options: ReplayOptions = {}) {
  const state = new GuardState()
  const enforced = options.asEnabled === true || (live.enabled && !live.dryRun)
  let last: number | undefined
  let index = 0
  let redacted: CompiledPolicy | undefined

  function replayed(call: ToolCall, line: number, at: number, would: Judgement): Replayed {
    return {
      kind: 'call',
      replayed: {index: index++, line, call, at, verdict: enforced ? would.verdict : 'allow', would},
    }
  }

  function next({line, text, fault}: InputRecord): Replayed | Promise<Replayed> {
    if (fault !== undefined) return {kind: 'fault', fault: {line, error: fault}}
    const captured = readCaptured(text, redactedAs)
    if (captured.kind === 'blank') return undefined
    if (captured.kind === 'fault') return {kind: 'fault', fault: {line, error: captured.error}}
    if (captured.kind === 'event') {
      observe(state, captured.event)
      return undefined
    }
    const {call} = captured
    const at = captured.at ?? (last === undefined ? 0 : last + assumedGapMs)
    last = at
    if (captured.isPartial) redacted ??= compileRedacted()
    const policy = captured.isPartial ? redacted! : live
    const would = judge(policy, state, call, {now: at, trace: options.trace, onMatch: options.onMatch})
    if (would.verdict !== 'action' || options.runAction === undefined) return replayed(call, line, at, would)
    return runActions(would, policy, at, options.runAction).then((judgement) => replayed(call, line, at, judgement))
  }

  return {state, next}
}

async function runActions(
  first: Judgement,
  policy: CompiledPolicy,
  now: number,
  runAction: RunAction,
): Promise<Judgement> {
  let judgement = first
  while (judgement.verdict === 'action') {
    const {actionId, payload} = judgement
    const timeoutMs = policy.actions[actionId]?.timeoutMs ?? policy.timeoutMs
    const outcome: ActionOutcome = await runAction({actionId, payload, timeoutMs})
    judgement = judgement.resume(outcome, now)
  }
  return judgement
}
