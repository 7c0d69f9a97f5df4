import type {ClawEvent} from '../event/envelope.ts'
import {type GuardState, type Usage, type UsageScope, usageKey} from './state.ts'

const turnType = 'agent.llm_output'
/** The types of events that may tell about usage. */
export const usageTypes: readonly string[] = [turnType, 'lifecycle.end', 'lifecycle.error']

/** An event, as far as it matters here. */
export type Observed = Pick<ClawEvent, 'type' | 'data' | 'metadata' | 'sessionId' | 'sessionKey' | 'runId'> & {
  agentId?: string
}

/**
 * Takes note of what an event tells about usage: the tokens of a finished model turn, and those of a whole run, told at
 * its end. Some hosts tell only one of them; of a run that both are told of, the larger counts. Live, in replay and when
 * the memory is rebuilt from the log; other events tell nothing.
 */
export function observe(state: GuardState, event: Observed): void {
  if (!usageTypes.includes(event.type)) return
  const isTurn = event.type === turnType
  const tokens = tokensOf(isTurn ? event.data['usage'] : event.metadata?.['usage'])
  if (tokens === undefined) return
  const run = usageOf(state, event, 'run')
  const session = usageOf(state, event, 'session')
  const before = run?.tokens ?? 0
  if (run !== undefined) {
    if (isTurn) run.ofTurns = (run.ofTurns ?? 0) + tokens
    else run.ofEnd = Math.max(run.ofEnd ?? 0, tokens)
    run.tokens = Math.max(run.ofTurns ?? 0, run.ofEnd ?? 0)
  }
  // The end of a run without an id repeats turns that nobody can tell from other runs'.
  const more = run?.tokens !== undefined ? run.tokens - before : isTurn ? tokens : 0
  if (session !== undefined && more > 0) session.tokens = (session.tokens ?? 0) + more
}

function usageOf(state: GuardState, event: Observed, scope: UsageScope): Usage | undefined {
  const key = usageKey(event, scope)
  return key === undefined ? undefined : state.usage.use(key, () => ({toolCalls: 0}))
}

/** The total a model's host reports, or the sum of its parts. */
function tokensOf(usage: unknown): number | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined
  const {total, input, output, cacheRead, cacheWrite} = usage as Record<string, unknown>
  if (typeof total === 'number') return total
  const parts = [input, output, cacheRead, cacheWrite].filter((part) => typeof part === 'number')
  return parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part, 0)
}
