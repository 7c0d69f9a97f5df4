import type {RunNode, StepNode, ToolNode} from '../event/runs/tree.ts'
import {compact, resultText} from './event-line.ts'
import type {Paint} from './paint.ts'
import {clip, printable, widthOf} from './printable.ts'

export interface RunTextOptions {
  paint: Paint
  /** Columns of the terminal; undefined in a pipe: nothing is cut. */
  width?: number
}

/** A piece of a line, safe for a terminal, and its colour: cut first, painted then. */
type Piece = readonly [text: string, shade?: (text: string) => string]

/** A line of the tree, and what hangs below it. */
interface Branch {
  line: Piece[]
  below: Branch[]
}

/** A run as a timeline for people: what it said and did, how long that took, and the runs that it started below. */
export function runText(run: RunNode, {paint, width}: RunTextOptions): string[] {
  const lines = [runLine(run, paint), [[factsOf(run), paint.dim] as const], ...linesOf(runBranches(run, paint), '')]
  return lines.map((line) => painted(line, width))
}

function painted(line: readonly Piece[], width = Number.POSITIVE_INFINITY): string {
  let left = width
  let text = ''
  for (const [piece, shade = String] of line.filter(([piece]) => piece !== '')) {
    if (left <= 0) break
    const shown = clip(piece, left)
    left -= widthOf(shown)
    text += shade(shown)
  }
  return text.trimEnd()
}

function factsOf({startedAt, provider, model, usage = {}}: RunNode): string {
  const {input, output} = usage
  const facts = [startedAt.replace('T', ' ').replace('Z', '')]
  if (model !== undefined) facts.push(printable(provider === undefined ? model : `${provider}/${model}`))
  if (input !== undefined || output !== undefined) facts.push(`${input ?? '?'} tokens in, ${output ?? '?'} out`)
  return facts.join('  ')
}

function runLine({runId, agentId, sessionKey, status, durationMs, stopReason, error}: RunNode, paint: Paint): Piece[] {
  const states: Record<RunNode['status'], Piece> = {
    completed: ['completed', paint.good],
    failed: ['failed', paint.bad],
    cancelled: ['cancelled', paint.warn],
    running: ['no end recorded', paint.warn],
  }
  const why: Piece = error
    ? [`  ${oneLine(error.message)}`, paint.bad]
    : [stopReason === undefined ? '' : `  ${oneLine(stopReason)}`, paint.dim]
  const names = [agentId, ...(sessionKey === undefined ? [] : [sessionKey])].map((name) => printable(name))
  const time: Piece = [`  ${duration(durationMs)}  ${names.join('  ')}`]
  return [['run ', paint.bold], [`${printable(runId)}  `], states[status], time, why]
}

function runBranches({steps, runs, droppedSteps, startedAt}: RunNode, paint: Paint): Branch[] {
  const startMs = Date.parse(startedAt)
  const more: Branch[] = droppedSteps ? [{line: [[`${droppedSteps} more steps`, paint.dim]], below: []}] : []
  return [
    ...steps.map((step) => stepBranch(step, startMs, paint)),
    ...more,
    ...runs.map((run) => childBranch(run, paint)),
  ]
}

function childBranch(run: RunNode, paint: Paint): Branch {
  return {line: runLine(run, paint), below: runBranches(run, paint)}
}

function stepBranch(step: StepNode, startMs: number, paint: Paint): Branch {
  if (step.kind === 'tool') return toolBranch(step, startMs, paint)
  const after: Piece = [`${offset(Date.parse(step.at) - startMs)}  `, paint.dim]
  if (step.kind === 'message') {
    const arrow: Piece = step.direction === 'in' ? ['in   ', paint.accent] : ['out  ', paint.good]
    return {line: [after, arrow, [oneLine(step.text)]], below: []}
  }
  if (step.kind === 'note') {
    const {type, text = ''} = step
    return {line: [after, [printable(type), (shown) => paint.type(type, shown)], [`  ${oneLine(text)}`]], below: []}
  }
  const {model = '', durationMs, error} = step
  const failure: Piece[] = error ? [[`  ${oneLine(error.message)}`, paint.bad]] : []
  return {line: [after, [`model ${printable(model)}  ${duration(durationMs)}`, paint.dim], ...failure], below: []}
}

function toolBranch(step: ToolNode, startMs: number, paint: Paint): Branch {
  const {toolName, params, status, durationMs, error, result, decisions, steps, runs, at} = step
  const states: Record<ToolNode['status'], Piece> = {
    ok: ['ok', paint.good],
    failed: ['failed', paint.bad],
    blocked: ['blocked', paint.bad],
    running: ['no end recorded', paint.warn],
  }
  const asked = oneLine(compact(params))
  const answer = status === 'ok' ? oneLine(resultText(result)) : ''
  const lines: Piece[][] = decisions.map((decision) => decisionLine(decision, paint))
  // What the guard blocked says so itself.
  const isTold = decisions.some(({type}) => type === 'tool.guard.blocked')
  if (error && !isTold) lines.push([[oneLine(error.message), paint.bad]])
  if (answer !== '') lines.push([['= ', paint.dim], [answer]])
  return {
    line: [
      [`${offset(Date.parse(at) - startMs)}  `, paint.dim],
      [printable(toolName), (shown) => paint.type('tool.called', shown)],
      ['  '],
      states[status],
      [durationMs === undefined ? '  ' : `  ${duration(durationMs)}  `],
      [asked],
    ],
    below: [
      ...lines.map((line) => ({line, below: []})),
      ...steps.map((inner) => toolBranch(inner, startMs, paint)),
      ...runs.map((run) => childBranch(run, paint)),
    ],
  }
}

const verdicts: Readonly<Record<string, string>> = {
  'tool.guard.matched': 'a rule matched',
  'tool.guard.allowed': 'allowed',
  'tool.guard.blocked': 'blocked',
  'approval.requested': 'asked a person',
  'approval.resolved': 'a person decided',
}

function decisionLine({type, ruleId, source, reason, decision}: ToolNode['decisions'][number], paint: Paint): Piece[] {
  const by = ruleId === undefined ? source : `rule ${ruleId}`
  const words = [decision, by === undefined ? undefined : `(${by})`, reason].filter((word) => word !== undefined)
  const verdict = printable(Object.hasOwn(verdicts, type) ? verdicts[type]! : type)
  return [
    ['guard: ', paint.dim],
    [verdict, type === 'tool.guard.blocked' ? paint.bad : undefined],
    [` ${oneLine(words.join(' '))}`],
  ]
}

function linesOf(branches: readonly Branch[], indent: string): Piece[][] {
  return branches.flatMap(({line, below}, index) => {
    const isLast = index === branches.length - 1
    return [[[`${indent}${isLast ? '└─' : '├─'} `], ...line], ...linesOf(below, `${indent}${isLast ? '   ' : '│  '}`)]
  })
}

/** Seconds after the start, to the millisecond. */
function offset(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${(Math.abs(ms) / 1000).toFixed(3)}`
}

function duration(ms: number | undefined): string {
  if (ms === undefined) return ''
  if (ms < 1000) return `${ms} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const longestText = 300

/** A tree has one line for each thing: what is longer is read with `query`. */
function oneLine(text: string): string {
  const start = text.length > longestText ? `${text.slice(0, longestText)}…` : text
  return printable(start.replaceAll(/\s+/g, ' ').trim())
}
