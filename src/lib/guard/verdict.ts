import type {Fields} from '../match/paths.ts'
import type {TraceStep} from './trace-step.ts'

export type VerdictKind = 'allow' | 'block' | 'rewrite' | 'ask'

/** Who decided: nobody, a rule, its action, a remembered answer, the pause after a block, or the engine itself. */
export type VerdictSource = 'none' | 'rule' | 'action' | 'cache' | 'backoff' | 'engine'

/** What a human is asked, in the host's words. */
export interface Ask {
  title: string
  description: string
  severity?: 'info' | 'warning' | 'critical'
  timeoutMs?: number
}

export interface Verdict {
  verdict: VerdictKind
  /** For the agent: why it was blocked, or what the rule says about it. */
  reason?: string
  /** For `rewrite`: the fields of params that are replaced. */
  params?: Fields
  /** The rule that decided, or that matched last without deciding. */
  ruleId?: string
  actionId?: string
  source: VerdictSource
  ask?: Ask
  /** Why the rule could only be assumed to match: a command line that nobody can read ahead. */
  assumed?: string
  /** Only in a dry run: what would have been, where it differs from the verdict. */
  would?: VerdictKind | 'action'
  trace?: TraceStep[]
}
