import {readFileSync} from 'node:fs'
import type {ToolCall} from '../../src/lib/guard/call.ts'
import type {Policy} from '../../src/lib/guard/policy.ts'
import type {Verdict} from '../../src/lib/guard/verdict.ts'

/** A recorded run of the event-server plugin's guard; test/fixtures/guard-cases/README.md explains the fields. */
export interface RecordedCase {
  id: string
  description: string
  disputed?: boolean
  reason?: string
  toolGuardConfig: Policy['toolGuard']
  allowedActionDirs?: string[]
  actions?: Policy['actions']
  scripts?: Record<string, {mode?: number; body?: string; symlink?: string}>
  webhooks?: Record<string, {status: number; body?: string; delayMs?: number} | null>
  calls: RecordedCall[]
  peerValidation: {valid?: boolean}
  peerDecisions: RecordedDecision[]
}

interface RecordedCall extends ToolCall {
  atMs?: number
  paramsJson?: string
  paramsNest?: number
  paramsFill?: Record<string, {char: string; times: number}>
}

export interface RecordedDecision {
  outcome: 'none' | 'block' | 'params' | 'allow' | 'matched-no-decision' | 'throws'
  decision?: {
    blockReason?: string
    params?: Record<string, unknown>
    matchedRuleId?: string
    matchedActionId?: string
    decisionSource?: string
  }
}

export type Expected = Partial<Omit<Verdict, 'reason'>> & {reason?: string | RegExp}

export function recordedCases(file: string): RecordedCase[] {
  const lines = readFileSync(new URL(`../fixtures/guard-cases/${file}.ndjson`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as RecordedCase)
}

/** The calls with their params made and each with its time. */
export function callsOf(recorded: RecordedCase): {call: ToolCall; at: number}[] {
  let at = 0
  return recorded.calls.map(({atMs, paramsJson, paramsNest, paramsFill, ...call}) => {
    at = atMs ?? at
    if (paramsJson !== undefined) call.params = JSON.parse(paramsJson)
    if (paramsNest !== undefined) call.params = nest(paramsNest)
    if (paramsFill !== undefined) {
      call.params = Object.fromEntries(
        Object.entries(paramsFill).map(([key, {char, times}]) => [key, char.repeat(times)]),
      )
    }
    return {call, at}
  })
}

export function nest(depth: number): Record<string, unknown> {
  let params: Record<string, unknown> = {}
  for (let level = 1; level < depth; level++) params = {a: params}
  return params
}

/** The recorded outcome in our words. */
export function expectedOf({outcome, decision = {}}: RecordedDecision): Expected {
  const {blockReason, params, matchedRuleId, matchedActionId, decisionSource} = decision
  const by = {ruleId: matchedRuleId, actionId: matchedActionId, source: decisionSource as Verdict['source']}
  switch (outcome) {
    case 'none':
      return {verdict: 'allow', source: 'none'}
    case 'matched-no-decision':
      return {verdict: 'allow', source: 'none', ruleId: matchedRuleId}
    case 'block':
      return {verdict: 'block', reason: blockReason, ...by}
    case 'params':
      return {verdict: 'rewrite', params, ...by}
    case 'allow':
      return {verdict: 'allow', reason: blockReason, ...by}
    case 'throws':
      return {verdict: 'block', source: 'engine'}
  }
}
