import type {Judgement} from './judge.ts'
import type {ReplayedCall} from './replay.ts'

/**
 * Makes the JSON text of judged calls, one after another: `{index, line, toolName, agentId?, sessionKey?, verdict,
 * would, blocked, reason?, params?, ruleId?, actionId?, source, assumed?, trace?}`. Reason, rule and source are those
 * of `would`.
 */
export function createLineWriter(): (replayed: ReplayedCall) => string {
  // Names repeat from call to call, and nine verdicts in ten are the same object: their texts are made once.
  let last: {toolName: string; agentId?: string; sessionKey?: string} = {toolName: ''}
  let names = namesText(last)
  let lastWould: Judgement | undefined
  let lastVerdict = ''
  let outcome = ''
  return ({index, line, call, verdict, would}) => {
    if (call.toolName !== last.toolName || call.agentId !== last.agentId || call.sessionKey !== last.sessionKey) {
      last = call
      names = namesText(call)
    }
    if (would !== lastWould || verdict !== lastVerdict) {
      lastWould = would
      lastVerdict = verdict
      outcome = outcomeText(verdict, would)
    }
    return `{"index":${index},"line":${line},${names},${outcome}}`
  }
}

function namesText({toolName, agentId, sessionKey}: {toolName: string; agentId?: string; sessionKey?: string}): string {
  return JSON.stringify({toolName, agentId, sessionKey}).slice(1, -1)
}

function outcomeText(verdict: Judgement['verdict'], would: Judgement): string {
  const {reason, params, ruleId, actionId, source, assumed, trace} = would as Partial<
    Extract<Judgement, {verdict: 'block'}>
  > &
    Judgement
  const outcome = {
    verdict,
    would: would.verdict,
    blocked: verdict === 'block',
    reason,
    params,
    ruleId,
    actionId,
    source,
    assumed,
    trace,
  }
  return JSON.stringify(outcome).slice(1, -1)
}
