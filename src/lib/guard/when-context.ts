import type {Test} from './condition.ts'
import type {CompileShell} from './shell-condition.ts'

/** One `rate`: which calls it counts, and for whom. */
export interface RateLimit {
  name: string
  counts: Test
  count: number
  windowMs: number
  per: 'session' | 'agent' | 'tool'
}

/** What conditions need from outside the rule they stand in. */
export interface WhenContext {
  /** Names the rule in what is remembered between calls. */
  ruleId: string
  /** Needed for `shell`; loaded by `preparePolicy` only when a rule asks for it. */
  compileShell?: CompileShell
  /** The last known status of an agent (`parentStatus`; only the bridge knows it). */
  statusOf?: (agentId: string) => string | undefined
  /** The text that stands for a redacted value in captured calls: conditions on such a value are unsure. */
  redactedAs?: string
  /** Takes in every rate that is found. */
  rates: RateLimit[]
}
