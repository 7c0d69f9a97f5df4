import type {Verdict} from '../lib/guard/verdict.ts'
import type {Fields} from './host-api.ts'

/** What the host takes from a before_tool_call handler. */
export interface HookAnswer {
  params?: Fields
  block?: boolean
  blockReason?: string
  requireApproval?: {
    title: string
    description: string
    severity?: 'info' | 'warning' | 'critical'
    timeoutMs?: number
    allowedDecisions: string[]
    onResolution(decision: string): void
  }
}

/** The host cuts what is longer. */
const titleLength = 80
const descriptionLength = 512

export interface AnswerOptions {
  /** The params that were judged, to be what runs, whatever other plugins answer; undefined leaves them their say. */
  pinned: Fields | undefined
  onResolution(decision: string): void
}

/** A verdict in the host's words; undefined where there is nothing to say. */
export function answerOf(verdict: Verdict, {pinned, onResolution}: AnswerOptions): HookAnswer | undefined {
  switch (verdict.verdict) {
    case 'block':
      return {block: true, blockReason: blockReasonOf(verdict)}
    case 'rewrite':
      // The host merges what it gets over the call's params, field by field.
      return {params: {...pinned, ...verdict.params}}
    case 'ask': {
      const {title = '', description = '', severity, timeoutMs} = verdict.ask ?? {}
      // The host refuses an approval without words, and the call with it.
      const asks = `The rule "${verdict.ruleId}" of the tool guard asks before this call.`
      const requireApproval = {
        title: (title.trim() || 'Tool call').slice(0, titleLength).toWellFormed(),
        description: (description.trim() || verdict.reason?.trim() || asks).slice(0, descriptionLength).toWellFormed(),
        ...(severity !== undefined && {severity}),
        ...(timeoutMs !== undefined && {timeoutMs}),
        // "always" would be remembered by nobody: the policy decides what is asked again.
        allowedDecisions: ['allow-once', 'deny'],
        onResolution,
      }
      return {requireApproval, ...(pinned !== undefined && {params: pinned})}
    }
    default:
      return pinned === undefined ? undefined : {params: pinned}
  }
}

/** Says also that the call only could not be read: whoever is told can write it plainly and try again. */
function blockReasonOf({reason, ruleId, assumed}: Verdict): string {
  const said = reason ?? `Blocked by the tool guard (rule "${ruleId}")`
  return assumed === undefined ? said : `${said} (assumed to match: ${assumed})`
}
