import {type ActionRunner, createActionRunner, guardActions} from '../actions/runner.ts'
import {formatFaults, isGuardFault} from '../config/faults.ts'
import type {LoadedConfig} from '../config/load.ts'
import type {Diagnostics} from '../delivery/diagnostics.ts'
import {messageOf} from '../errors.ts'
import type {RunAction} from '../guard/action-port.ts'
import type {ToolCall} from '../guard/call.ts'
import {type CompiledPolicy, compilePolicy} from '../guard/compile.ts'
import {evaluate, noteAnswer} from '../guard/evaluate.ts'
import {type Observed, observe, usageTypes} from '../guard/observe.ts'
import {GuardState} from '../guard/state.ts'
import {recount} from '../guard/subject.ts'
import type {Verdict} from '../guard/verdict.ts'
import {printable} from '../output/printable.ts'
import {createRedactor} from '../redact/redact.ts'
import type {EventStore} from '../store/port.ts'
import {compileOptionsFor} from './load-policy.ts'

/** The host's own limit where nobody has set another. */
export const hostBudgetMs = 15_000
/** Our deadline is earlier than the host's by this much: its late answer would be a failure without a reason. */
const marginMs = 500
/** A runner that does not come back is not waited for beyond the deadline; this is what timers may be late. */
const graceMs = 50
/** How far back usage and rates are counted again, and how many events at most. */
const recountMs = 24 * 3_600_000
const recountLimit = 20_000

/** The policy in force in a running host. */
export interface LiveGuard {
  readonly enabled: boolean
  /** Whether the params that were judged are returned to the host, so that nothing else can run. */
  readonly pinsParams: boolean
  /** Why every call is blocked, where the policy could not be loaded. For the operator. */
  readonly fault?: string
  /** The verdict on a call that is about to run. Never throws, never rejects, never later than the deadline. */
  judge(call: ToolCall): Verdict | Promise<Verdict>
  /** What a human answered to `ask`. */
  answer(call: ToolCall, verdict: Verdict, approved: boolean): void
  /** Takes note of what an event tells about usage. */
  observe(event: Observed): void
  /** Brings usage and rates up to date with the log: a new process begins where the last one ended. */
  recount(store: EventStore): Promise<void>
}

export interface LiveGuardOptions {
  loaded: LoadedConfig
  environment: NodeJS.ProcessEnv
  /** Epoch milliseconds. */
  now: () => number
  /** What the host gives one before_tool_call handler. */
  budgetMs: number
  diagnostics: Diagnostics
  /** Of the guard before, when a configuration is loaded again: memory outlives an edit. */
  state?: GuardState
}

/** The guard that a configuration asks for; one that blocks every call where its policy cannot be used. */
export async function openLiveGuard(options: LiveGuardOptions): Promise<LiveGuard> {
  const {loaded, environment, now, budgetMs, diagnostics, state = new GuardState()} = options
  const faults = loaded.faults.filter(isGuardFault)
  if (faults.length > 0) return closedGuard(formatFaults(faults))
  const {toolGuard, actions, allowedActionDirs, localScriptDefaults} = loaded.config.hookBridge
  try {
    const timeoutMs = Math.max(100, Math.min(toolGuard.timeoutMs, budgetMs - marginMs))
    const policy = {toolGuard: {...toolGuard, timeoutMs}, actions}
    const compiled = compilePolicy(policy, await compileOptionsFor(policy))
    const runner = createActionRunner({
      allowedActionDirs,
      localScriptDefaults,
      stateDir: loaded.stateDir,
      environment,
    })
    const runAction = guardActions(tellingOperator(runner, diagnostics), actions)
    return policyGuard(compiled, state, {now, runAction, pins: toolGuard.pinParams})
  } catch (error) {
    return closedGuard(messageOf(error))
  }
}

/** What a script writes to its error output is for the operator: the agent is told only that it failed. */
function tellingOperator(run: ActionRunner, diagnostics: Diagnostics): ActionRunner {
  const redact = createRedactor()
  return async (action, payload, limits) => {
    const outcome = await run(action, payload, limits)
    const said = outcome.diagnostics?.trim()
    if (said !== undefined && said !== '' && action.type === 'local_script') {
      const line = `${action.path}, asked by rule ${payload.ruleId}, wrote: ${printable(redact(said))}`
      if (outcome.ok) diagnostics.info(line)
      else diagnostics.warn(line)
    }
    return outcome
  }
}

/** Blocks everything: no policy is known, and an unjudged call may never run. */
export function closedGuard(fault: string): LiveGuard {
  const verdict: Verdict = {
    verdict: 'block',
    reason:
      'The tool guard blocks every call, because its policy could not be loaded. ' +
      'The operator finds the reason in the gateway log and with `claw-events doctor`.',
    source: 'engine',
  }
  return {
    enabled: true,
    pinsParams: false,
    fault,
    judge: () => verdict,
    answer: () => undefined,
    observe: () => undefined,
    recount: async () => undefined,
  }
}

interface PolicyTools {
  now: () => number
  runAction: RunAction
  pins: boolean
}

function policyGuard(policy: CompiledPolicy, state: GuardState, {now, runAction, pins}: PolicyTools): LiveGuard {
  return {
    enabled: policy.enabled,
    pinsParams: pins && policy.enabled && !policy.dryRun,
    judge(call) {
      const verdict = evaluate(policy, call, {state, clock: now, runAction})
      return verdict instanceof Promise ? inTime(verdict, policy.timeoutMs + graceMs) : verdict
    },
    answer: (call, verdict, approved) => noteAnswer(policy, state, call, verdict, approved, now()),
    observe: (event) => observe(state, event),
    async recount(store) {
      if (policy.rates.length === 0 && !policy.countsUsage) return
      const filter = {types: ['tool.called', ...usageTypes], since: now() - recountMs}
      const newest = await Array.fromAsync(store.read(filter, {limit: recountLimit, order: 'desc'}))
      for (const event of newest.reverse()) recount(policy, state, event)
    },
  }
}

/** A promise that keeps the deadline whatever the action does. */
function inTime(verdict: Promise<Verdict>, timeoutMs: number): Promise<Verdict> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(late(timeoutMs)), timeoutMs)
    verdict.then(
      (decided) => {
        clearTimeout(timer)
        resolve(decided)
      },
      (error) => {
        clearTimeout(timer)
        resolve({
          verdict: 'block',
          reason: `Tool guard could not judge this call and blocked it: ${messageOf(error)}`,
          source: 'engine',
        })
      },
    )
  })
}

function late(timeoutMs: number): Verdict {
  return {
    verdict: 'block',
    reason: `Tool guard could not judge this call and blocked it: its ${timeoutMs} ms ran out`,
    source: 'engine',
  }
}
