import type {Judgement} from './judge.ts'
import type {ReplayedCall} from './replay.ts'

/**
 * Makes the JSON text of judged calls, one after another: `{index, line, toolName, agentId?, sessionKey?, verdict,
 * would, blocked, reason?, params?, ruleId?, actionId?, source, assumed?, trace?}`. Reason, rule and source are those
 * of `would`.
 */
export function createLineWriter(): (replayed: ReplayedCall) => string {
  // Names repeat from call to call, and nine verdicts in ten are the same object: their texts are made once.
  const quoted = createQuoter()
  let lastWould: Judgement | undefined
  let lastVerdict = ''
  let outcome = ''
  return ({index, line, call: {toolName, agentId, sessionKey}, verdict, would}) => {
    if (would !== lastWould || verdict !== lastVerdict) {
      lastWould = would
      lastVerdict = verdict
      outcome = outcomeText(verdict, would)
    }
    const agent = agentId === undefined ? '' : `,"agentId":${quoted(agentId)}`
    const session = sessionKey === undefined ? '' : `,"sessionKey":${quoted(sessionKey)}`
    return `{"index":${index},"line":${line},"toolName":${quoted(toolName)}${agent}${session},${outcome}}`
  }
}

const quotedAtOnce = 1000

function createQuoter(): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    let quoted = known.get(text)
    if (quoted === undefined) {
      if (known.size >= quotedAtOnce) known.clear()
      quoted = JSON.stringify(text)
      known.set(text, quoted)
    }
    return quoted
  }
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
