import type {ClosedRun} from './book.ts'
import type {Decision, MessageStep, ModelStep, NoteStep, Run, Step, ToolStep, Usage} from './model.ts'

/** A run with all that it started, as `replay --run --json` prints it (docs/output.md). Times are RFC 3339. */
export interface RunNode {
  runId: string
  agentId: string
  sessionId?: string
  sessionKey?: string
  startedAt: string
  /** The newest event, of a run that still runs. */
  endedAt: string
  durationMs: number
  status: Run['status']
  stopReason?: string
  error?: {message: string; kind?: string}
  provider?: string
  model?: string
  usage?: Usage
  steps: StepNode[]
  /** Steps beyond the limit, that are not shown. */
  droppedSteps?: number
  /** Runs that it started, where it is not known by which call; and those that report the end of its children. */
  runs: RunNode[]
}

export type StepNode = ToolNode | ModelNode | MessageNode | NoteNode

export interface ToolNode extends Omit<ToolStep, 'nth' | 'startMs' | 'endMs' | 'decisions' | 'parentToolCallId'> {
  at: string
  durationMs?: number
  decisions: Array<Omit<Decision, 'atMs'> & {at: string}>
  /** Calls that it made itself. */
  steps: ToolNode[]
  /** Runs that it started. */
  runs: RunNode[]
}

export type ModelNode = Omit<ModelStep, 'startMs' | 'endMs'> & {at: string; durationMs?: number}
export type MessageNode = Omit<MessageStep, 'atMs' | 'part'> & {at: string}
export type NoteNode = Omit<NoteStep, 'atMs'> & {at: string}

/** The run of that id with everything below it; undefined where it is not among the runs. */
export function runTree(runs: readonly ClosedRun[], runId: string): RunNode | undefined {
  const root = runs.find((run) => run.runId === runId)
  return root && nodeOf(root, runs, new Set([runId]))
}

/** `above`: runs on the way down, so that no circle of theirs is followed. */
function nodeOf(run: ClosedRun, runs: readonly ClosedRun[], above: ReadonlySet<string>): RunNode {
  const children = runs.filter(({runId, parent}) => parent?.runId === run.runId && !above.has(runId))
  const nodes = children.map((child) => ({child, node: nodeOf(child, runs, new Set([...above, child.runId]))}))
  const tools = run.steps.filter((step) => step.kind === 'tool')
  const placed = new Set<ClosedRun>()
  const childrenOf = (step: ToolStep) =>
    nodes.flatMap(({child, node}) => {
      const {parent} = child
      if (parent?.toolCallId === undefined || parent.toolCallId !== step.toolCallId || parent.nth !== step.nth)
        return []
      placed.add(child)
      return [node]
    })
  const innerOf = (step: ToolStep) =>
    tools.filter(({parentToolCallId}) => parentToolCallId !== undefined && parentToolCallId === step.toolCallId)
  const toolNode = (step: ToolStep, depth: number): ToolNode => ({
    ...toolFields(step),
    steps: depth === 0 ? [] : innerOf(step).map((inner) => toolNode(inner, depth - 1)),
    runs: childrenOf(step),
  })
  const isInner = (step: Step) =>
    step.kind === 'tool' &&
    tools.some(({toolCallId}) => toolCallId !== undefined && toolCallId === step.parentToolCallId)
  const steps = run.steps
    .filter((step) => !isInner(step))
    .sort((a, b) => startOf(a) - startOf(b))
    .map((step) => (step.kind === 'tool' ? toolNode(step, deepestCall) : stepNode(step)))
  return {...runFields(run), steps, runs: nodes.flatMap(({child, node}) => (placed.has(child) ? [] : [node]))}
}

/** Tools that call tools that call tools: the host has one level. */
const deepestCall = 8

function runFields(run: Run) {
  const {runId, agentId, sessionId, sessionKey, startMs, endMs, status, stopReason, error, provider, model, usage} = run
  const known = {sessionId, sessionKey, stopReason, error, provider, model, usage}
  return {
    runId,
    agentId,
    startedAt: isoTime(startMs),
    endedAt: isoTime(endMs),
    durationMs: Math.max(0, endMs - startMs),
    status,
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    ...(run.droppedSteps > 0 && {droppedSteps: run.droppedSteps}),
  }
}

function toolFields({nth: _nth, startMs, endMs, decisions, parentToolCallId: _outer, ...step}: ToolStep) {
  return {
    ...step,
    at: isoTime(startMs),
    ...durationOf(startMs, endMs),
    decisions: decisions.map(({atMs, ...decision}) => ({at: isoTime(atMs), ...decision})),
  }
}

function stepNode(step: ModelStep | MessageStep | NoteStep): StepNode {
  if (step.kind === 'model') {
    const {startMs, endMs, ...rest} = step
    return {...rest, at: isoTime(startMs), ...durationOf(startMs, endMs)}
  }
  if (step.kind === 'note') {
    const {atMs, ...rest} = step
    return {...rest, at: isoTime(atMs)}
  }
  const {atMs, part: _part, ...rest} = step
  return {...rest, at: isoTime(atMs)}
}

function startOf(step: Step): number {
  return 'startMs' in step ? step.startMs : step.atMs
}

function durationOf(startMs: number, endMs: number | undefined): {durationMs?: number} {
  return endMs === undefined ? {} : {durationMs: endMs - startMs}
}

function isoTime(epochMs: number): string {
  const time = new Date(epochMs)
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString()
}
