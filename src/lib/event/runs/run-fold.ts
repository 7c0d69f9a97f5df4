import type {ModelStep, Run, Step, ToolStep} from './model.ts'

/** What is kept of params, results and texts: they can be megabytes each. */
export type Keep = (content: unknown) => unknown

/** A run that is being put together, with the ways to its steps. */
export interface RunFold {
  run: Run
  keep: Keep
  /** By the id of the call, or the tool's name where it has none; in the order in which they began. */
  calls: Map<string, KnownCall[]>
  models: Map<string, ModelStep>
  /** Whether the run said when it began; until then that is its first event. */
  isStarted: boolean
  /** Whether hooks tell of the calls to the model, so that replies need not. */
  hasModelHooks: boolean
  /** Whether the host said what the run used in all. */
  hasUsage: boolean
}

export interface KnownCall {
  step: ToolStep
  /** Whether the call itself was told of, and not only a decision about it. */
  isCalled: boolean
}

/** Steps of one run that are kept; the rest is counted. */
export const stepLimit = 100_000

export function startRun(runId: string, agentId: string, atMs: number, keep: Keep): RunFold {
  const run: Run = {runId, agentId, startMs: atMs, endMs: atMs, status: 'running', steps: [], droppedSteps: 0}
  return {run, keep, calls: new Map(), models: new Map(), isStarted: false, hasModelHooks: false, hasUsage: false}
}

export function addStep({run}: RunFold, step: Step): void {
  if (run.steps.length < stepLimit) run.steps.push(step)
  else run.droppedSteps++
}
