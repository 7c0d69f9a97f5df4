import {isObject} from '../event/json.ts'
import {nearest} from '../match/nearest.ts'
import type {CaseCall, GuardCase, Want} from './cases.ts'

export interface CaseFault {
  /** Where: `[3].calls[0].want`. */
  path: string
  expected: string
}

const caseKeys = ['note', 'rules', 'call', 'calls', 'want', 'answers']
const callKeys = ['toolName', 'params', 'agentId', 'sessionId', 'sessionKey', 'runId', 'toolCallId', 'at', 'want']
const wantKeys = ['verdict', 'ruleId', 'actionId', 'source', 'reason', 'params']
const verdicts = ['allow', 'block', 'rewrite', 'ask', 'action', 'undecidable']

/**
 * Reads test cases from a parsed document: a list, or an object with `cases`. A case has `note`, one `call` with `want`
 * or a list of `calls` that each may have one, and may have `answers` and `rules`. All faults are given at once.
 */
export function readCases(document: unknown): {cases: GuardCase[]; faults: CaseFault[]} {
  const list = isObject(document) && Array.isArray(document['cases']) ? document['cases'] : document
  const faults: CaseFault[] = []
  if (!Array.isArray(list))
    return {cases: [], faults: [{path: '', expected: 'a list of cases, or an object with "cases"'}]}
  const cases = list.map((value: unknown, index) => readCase(value, `[${index}]`, faults))
  return {cases, faults}
}

function readCase(value: unknown, path: string, faults: CaseFault[]): GuardCase {
  const fields = fieldsOf(value, {path, known: caseKeys, what: 'a case', faults})
  const {note, rules, call, calls, want, answers} = fields
  if (typeof note !== 'string' || note.trim() === '')
    faults.push({path: `${path}.note`, expected: 'a text that says what is tested'})
  if (answers !== undefined && !isObject(answers))
    faults.push({path: `${path}.answers`, expected: 'an object of action ids and answers'})
  if ((call === undefined) === (calls === undefined))
    faults.push({path, expected: 'either "call" and "want", or "calls"'})
  if (call !== undefined && want === undefined)
    faults.push({path: `${path}.want`, expected: 'a verdict, or an object with "verdict", "ruleId", "reason" …'})
  if (calls !== undefined && !Array.isArray(calls)) faults.push({path: `${path}.calls`, expected: 'a list of calls'})
  const several = Array.isArray(calls)
    ? calls.map((one: unknown, index) => readCall(one, `${path}.calls[${index}]`, faults))
    : []
  const single =
    call === undefined
      ? []
      : [{...readCall(call, `${path}.call`, faults), want: readWant(want, `${path}.want`, faults)}]
  return {
    note: String(note),
    calls: [...single, ...several],
    answers: isObject(answers) ? answers : {},
    ...(rules !== undefined && {rules}),
  }
}

function readCall(value: unknown, path: string, faults: CaseFault[]): CaseCall {
  const {at, want, toolName, params, ...ids} = fieldsOf(value, {path, known: callKeys, what: 'a call', faults})
  if (typeof toolName !== 'string') faults.push({path: `${path}.toolName`, expected: 'a text'})
  if (params !== undefined && !isObject(params)) faults.push({path: `${path}.params`, expected: 'an object'})
  if (at !== undefined && typeof at !== 'number') faults.push({path: `${path}.at`, expected: 'milliseconds'})
  for (const [key, id] of Object.entries(ids))
    if (typeof id !== 'string') faults.push({path: `${path}.${key}`, expected: 'a text'})
  return {
    ...(ids as Omit<ToolCallIds, 'toolName'>),
    toolName: String(toolName),
    ...(isObject(params) && {params}),
    ...(typeof at === 'number' && {at}),
    ...(want !== undefined && {want: readWant(want, `${path}.want`, faults)}),
  }
}

type ToolCallIds = Pick<CaseCall, 'toolName' | 'agentId' | 'sessionId' | 'sessionKey' | 'runId' | 'toolCallId'>

/** A verdict alone, or what is asked of it. */
function readWant(value: unknown, path: string, faults: CaseFault[]): Want {
  if (value === undefined) return {}
  if (typeof value === 'string') return readWant({verdict: value}, path, faults)
  const want = fieldsOf(value, {path, known: wantKeys, what: 'a verdict or an object', faults})
  const {verdict} = want
  if (verdict !== undefined && !verdicts.includes(String(verdict)))
    faults.push({path: `${path}.verdict`, expected: `one of ${verdicts.join(', ')}`})
  return want as Want
}

function fieldsOf(
  value: unknown,
  {path, known, what, faults}: {path: string; known: readonly string[]; what: string; faults: CaseFault[]},
): Record<string, unknown> {
  if (!isObject(value)) {
    faults.push({path, expected: what})
    return {}
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const meant = nearest(key, known)
    faults.push({
      path: `${path}.${key}`,
      expected: `a known key${meant === undefined ? '' : ` (did you mean ${meant}?)`}`,
    })
  }
  return value
}
