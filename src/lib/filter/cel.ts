import {type CelFunc, CelScalar, celEnv, celFunc, isCelError, parse, plan} from '@bufbuild/cel'
import {ClawError, Exit, messageOf} from '../errors.ts'
import {type ClawEvent, identityFields} from '../event/envelope.ts'
import {nearest} from '../match/nearest.ts'
import {mayBeBoolean} from './cel-result.ts'

/** The envelope's fields are the variables; `event` is the whole envelope, so that `has(event.runId)` can be asked. */
export const variableNames = [...identityFields, 'result', 'error', 'data', 'metadata', 'event'] as const
const typeNames = ['bool', 'bytes', 'double', 'duration', 'int', 'list', 'map', 'null_type', 'string', 'uint']

/**
 * Compiles a CEL expression to a test of one event. Only `true` keeps the event: an absent field or a comparison of
 * unlike types does not. Patterns of `matches` run in RE2, so none can hang. FILTER_INVALID for an expression that
 * does not parse, that names a variable or function which does not exist, or that can never be true or false.
 */
export function compileCel(expression: string): (event: ClawEvent) => boolean {
  const evaluate = planExpression(expression)
  return (event) => {
    const result = evaluate(variablesOf(event))
    return !isCelError(result) && result === true
  }
}

/** Whether an expression goes through lists (`all`, `exists`, `map`, …): then its cost is not linear in the event. */
export function hasLoop(expression: string): boolean {
  return namesIn(attempt(expression, () => parse(expression)).expr).bound.size > 0
}

function planExpression(expression: string) {
  const env = celEnv({funcs: mixedArithmetic()})
  const parsed = attempt(expression, () => parse(expression))
  const names = namesIn(parsed.expr)
  const variables = new Set<string>([...variableNames, ...typeNames, ...names.bound])
  for (const name of names.variables) {
    // `google.protobuf.Timestamp` is parsed as a selection from a variable `google`.
    if (!variables.has(name) && name !== 'google') throw unknownName(expression, 'variable', name, [...variables])
  }
  const functions = new Set([...env.funcs].map((one) => one.name).filter(isWord))
  for (const name of names.functions) {
    if (!functions.has(name)) throw unknownName(expression, 'function', name, [...functions])
  }
  if (!mayBeBoolean(parsed.expr, {functions: env.funcs, texts: identityFields})) throw noCondition(expression)
  return attempt(expression, () => plan(env, parsed))
}

function noCondition(expression: string): ClawError {
  return new ClawError(
    'FILTER_INVALID',
    `CEL expression ${quoted(expression)}: its result is never true or false, so it keeps no event`,
    {exit: Exit.usage, suggestions: ["compare it with something, for example type == 'tool.called' or size(data) > 2"]},
  )
}

function attempt<T>(expression: string, step: () => T): T {
  try {
    return step()
  } catch (thrown) {
    throw new ClawError('FILTER_INVALID', `not a CEL expression: ${quoted(expression)}${whereAndWhy(thrown)}`, {
      exit: Exit.usage,
      suggestions: ["an example: data.durationMs > 500 && type.startsWith('tool.')"],
      cause: thrown,
    })
  }
}

/** The parser puts `<input>:LINE:COLUMN: ` before what it found. */
function whereAndWhy(thrown: unknown): string {
  const found = /^<input>:(\d+):(\d+): (.*)$/s.exec(messageOf(thrown))
  return found ? `, line ${found[1]}, column ${found[2]}: ${found[3]}` : `: ${messageOf(thrown)}`
}

function quoted(expression: string): string {
  return JSON.stringify(expression.length > 200 ? `${expression.slice(0, 200)}…` : expression)
}

function unknownName(expression: string, kind: string, name: string, known: string[]): ClawError {
  const meant = nearest(name, known)
  return new ClawError('FILTER_INVALID', `CEL expression ${quoted(expression)}: there is no ${kind} "${name}"`, {
    exit: Exit.usage,
    suggestions: [meant ? `did you mean "${meant}"?` : `known: ${known.filter(isWord).sort().join(', ')}`],
  })
}

function isWord(name: string): boolean {
  return /^[A-Za-z]\w*$/.test(name)
}

interface Names {
  variables: Set<string>
  functions: Set<string>
  /** Made by macros such as `exists(v, …)`. */
  bound: Set<string>
}

/** Collects the names of a syntax tree, whose nodes are `{case, value}` pairs of the CEL protobuf schema. */
function namesIn(root: unknown): Names {
  const names: Names = {variables: new Set(), functions: new Set(), bound: new Set()}
  const open: unknown[] = [root]
  while (open.length > 0) {
    const node = open.pop()
    if (typeof node !== 'object' || node === null) continue
    noteNames(node, names)
    open.push(...Object.values(node))
  }
  return names
}

function noteNames(node: {case?: unknown; value?: Record<string, unknown>}, names: Names): void {
  const {case: kind, value} = node
  if (kind === 'identExpr') names.variables.add(String(value?.['name']))
  if (kind === 'callExpr' && isWord(String(value?.['function']))) names.functions.add(String(value?.['function']))
  if (kind === 'comprehensionExpr') {
    for (const part of ['iterVar', 'iterVar2', 'accuVar']) names.bound.add(String(value?.[part]))
  }
}

/** JSON has one kind of number, CEL has two and no mixed arithmetic: `data.durationMs + 1` must work all the same. */
function mixedArithmetic(): CelFunc[] {
  const {DOUBLE, INT} = CelScalar
  const operations: Array<[string, (left: number, right: number) => number]> = [
    ['_+_', (left, right) => left + right],
    ['_-_', (left, right) => left - right],
    ['_*_', (left, right) => left * right],
    ['_/_', (left, right) => left / right],
    ['_%_', (left, right) => left % right],
  ]
  return operations.flatMap(([name, apply]) => [
    celFunc(name, [DOUBLE, INT], DOUBLE, (left, right) => apply(left, Number(right))),
    celFunc(name, [INT, DOUBLE], DOUBLE, (left, right) => apply(Number(left), right)),
    ...(name === '_%_' ? [celFunc(name, [DOUBLE, DOUBLE], DOUBLE, apply)] : []),
  ])
}

/** Events are JSON, which CEL takes as it is. */
function variablesOf(event: ClawEvent): Record<string, never> {
  return {...event, event} as unknown as Record<string, never>
}
