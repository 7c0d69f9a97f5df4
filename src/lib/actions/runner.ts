import type {ActionPayload, RunAction} from '../guard/action-port.ts'
import type {ActionConfig} from '../guard/schema.ts'
import {visibleEnvironment} from './environment.ts'
import {failure, type RunOutcome} from './outcome.ts'
import {runScript} from './run-script.ts'
import {runWebhook} from './run-webhook.ts'

export interface ActionRunnerOptions {
  /** Where scripts may lie; none: no script may run. Relative to the state directory, like scripts themselves. */
  allowedActionDirs: readonly string[]
  localScriptDefaults: {timeoutMs: number; maxPayloadBytes: number}
  stateDir: string
  environment: NodeJS.ProcessEnv
}

export interface RunLimits {
  /** Of whoever asks; the action's own is kept as well. Without either, `localScriptDefaults`. */
  timeoutMs?: number
  signal?: AbortSignal
  /** Kill also what a script started in a session of its own; otherwise that may stay when the script ends well. */
  leaveNothing?: boolean
}

/** Runs one action with a payload. Never rejects: a failure is an outcome. */
export type ActionRunner = (action: ActionConfig, payload: ActionPayload, limits?: RunLimits) => Promise<RunOutcome>

/** A runner for scripts and webhooks; used by the guard, the bridge and `toolguard replay --run-actions`. */
export function createActionRunner(options: ActionRunnerOptions): ActionRunner {
  const {allowedActionDirs, localScriptDefaults, stateDir, environment} = options
  return async (action, payload, {timeoutMs: asked, signal, leaveNothing = false} = {}) => {
    const text = jsonOf(payload)
    if (text === undefined) return failure('payload', 'the event cannot be written as JSON')
    const timeoutMs = Math.max(
      1,
      Math.min(asked ?? action.timeoutMs ?? localScriptDefaults.timeoutMs, action.timeoutMs ?? Infinity),
    )
    const limit =
      action.maxPayloadBytes ?? (action.type === 'local_script' ? localScriptDefaults.maxPayloadBytes : Infinity)
    const bytes = Buffer.byteLength(text)
    if (bytes > limit)
      return failure('payload', `${nouns[action.type]} payload exceeds maxPayloadBytes (${bytes} > ${limit})`)
    if (action.type === 'webhook') return runWebhook({...action, body: text, timeoutMs, signal})
    return runScript({
      path: action.path,
      args: action.args ?? [],
      environment: visibleEnvironment(environment, action.env),
      allowedDirs: allowedActionDirs,
      stateDir,
      input: text,
      timeoutMs,
      signal,
      leaveNothing,
    })
  }
}

const nouns = {local_script: 'Script', webhook: 'Webhook'} as const

/** The guard's port: actions by the ids they have in the policy. */
export function guardActions(run: ActionRunner, actions: Readonly<Record<string, ActionConfig>>): RunAction {
  return async ({actionId, payload, timeoutMs}) => {
    const action = Object.hasOwn(actions, actionId) ? actions[actionId] : undefined
    return action === undefined
      ? failure('not-allowed', `there is no action "${actionId}"`)
      : run(action, payload, {timeoutMs, leaveNothing: true})
  }
}

function jsonOf(payload: ActionPayload): string | undefined {
  try {
    return JSON.stringify(payload)
  } catch (error) {
    // Cycles, BigInt, and what is nested too deep for the stack.
    if (error instanceof TypeError || error instanceof RangeError) return undefined
    throw error
  }
}
