export type Holds = boolean | 'unsure'

export interface ConditionTrace {
  condition: string
  path?: string
  expected: unknown
  /** What the call has there, shortened. */
  found?: string
  holds: Holds
  inner?: ConditionTrace[][]
}

/** A rule that was tried, with every condition it has. */
export interface RuleTrace {
  step: 'rule'
  ruleId: string
  matched: Holds
  /** What a match led to. */
  ledTo?: RuleStep
  conditions: ConditionTrace[]
}

/** One step of a judgement: a remembered answer that was looked up, or a rule that was tried. */
export type TraceStep = {step: 'backoff' | 'cache'; hit: boolean} | RuleTrace

export type RuleStep = 'decided' | 'remembered' | 'action' | 'no decision' | 'assumed not to match'
