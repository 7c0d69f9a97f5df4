import type {Judgement} from './judge.ts'
import type {ReplayedCall} from './replay.ts'

/** The text of a judged call behind its place, and what it was made of. */
interface Tail {
  agentId: string | undefined
  verdict: Judgement['verdict']
  would: Judgement
  text: string
}

/** Texts that are kept. */
const keptTails = 10_000

/**
 * Makes the JSON text of judged calls, one after another: `{index, line, toolName, agentId?, sessionKey?, verdict,
 * would, blocked, reason?, params?, ruleId?, actionId?, source, assumed?, trace?}`. Reason, rule and source are those
 * of `would`.
 */
export function createLineWriter(): (replayed: ReplayedCall) => string {
  // Nine verdicts in ten are the same object, and tools repeat within a session: most texts differ in their place only.
  const sessions = new Map<string | undefined, Map<string, Tail>>()
  let kept = 0

  function keep(replayed: ReplayedCall): Tail {
    const {call, verdict, would} = replayed
    if (++kept > keptTails) {
      sessions.clear()
      kept = 0
    }
    const tail = {agentId: call.agentId, verdict, would, text: tailOf(replayed)}
    const known = sessions.get(call.sessionKey)
    if (known === undefined) sessions.set(call.sessionKey, new Map([[call.toolName, tail]]))
    else known.set(call.toolName, tail)
    return tail
  }

  return (replayed) => {
    const {index, line, call, verdict, would} = replayed
    const known = sessions.get(call.sessionKey)?.get(call.toolName)
    const isSame = known?.would === would && known.verdict === verdict && known.agentId === call.agentId
    return `{"index":${index},"line":${line},${(isSame ? known : keep(replayed)).text}`
  }
}

function tailOf({call: {toolName, agentId, sessionKey}, verdict, would}: ReplayedCall): string {
  const {reason, params, ruleId, actionId, source, assumed, trace} = would as Partial<
    Extract<Judgement, {verdict: 'block'}>
  > &
    Judgement
  const fields = {
    toolName,
    agentId,
    sessionKey,
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
  return JSON.stringify(fields).slice(1)
}
