import {isObject} from '../event/json.ts'
import type {GuardDecision} from './schema.ts'

/** What an action's output means: a decision, no opinion (it printed nothing), or something else than a decision. */
export type ActionAnswer =
  | {kind: 'decision'; decision: GuardDecision}
  | {kind: 'silent'}
  | {kind: 'malformed'; why: string}

/**
 * Reads a script's stdout or a webhook's body: one JSON object with a boolean `block`, an object `params`, or `ask`.
 * Anything before or after the object makes it malformed, since a log line could then pass for an answer.
 */
export function readAnswer(output: string): ActionAnswer {
  const text = output.trim()
  if (text === '') return {kind: 'silent'}
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return {kind: 'malformed', why: 'its answer is not JSON'}
  }
  if (!isObject(answer)) return {kind: 'malformed', why: 'its answer is not a JSON object'}
  const {block, params, ask, blockReason, blockReasonTemplate} = answer
  const decision: GuardDecision = {}
  if (typeof block === 'boolean') decision.block = block
  if (isObject(params)) decision.params = params
  if (ask === true || isObject(ask)) decision.ask = askOf(ask)
  if (Object.keys(decision).length === 0)
    return {kind: 'malformed', why: 'its answer has neither block (true or false) nor params (an object)'}
  if (typeof blockReason === 'string') decision.blockReason = blockReason
  if (typeof blockReasonTemplate === 'string') decision.blockReasonTemplate = blockReasonTemplate
  return {kind: 'decision', decision}
}

function askOf(ask: true | Record<string, unknown>): NonNullable<GuardDecision['ask']> {
  if (ask === true) return {}
  const {title, description} = ask
  return {...(typeof title === 'string' && {title}), ...(typeof description === 'string' && {description})}
}
