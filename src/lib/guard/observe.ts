import type {ClawEvent} from '../event/envelope.ts'
import {type GuardState, usageKey} from './state.ts'

/**
 * Takes note of what an event tells about usage: the tokens of a finished model turn. Live, in replay and when the
 * memory is rebuilt from the log; other events tell nothing.
 */
export function observe(state: GuardState, event: ClawEvent): void {
  if (event.type !== 'agent.llm_output') return
  const tokens = tokensOf(event.data['usage'])
  if (tokens === undefined) return
  for (const scope of ['session', 'run'] as const) {
    const key = usageKey(event, scope)
    if (key === undefined) continue
    const usage = state.usage.use(key, () => ({toolCalls: 0}))
    usage.tokens = (usage.tokens ?? 0) + tokens
  }
}

/** The total a model's host reports, or the sum of its parts. */
function tokensOf(usage: unknown): number | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined
  const {total, input, output, cacheRead, cacheWrite} = usage as Record<string, unknown>
  if (typeof total === 'number') return total
  const parts = [input, output, cacheRead, cacheWrite].filter((part) => typeof part === 'number')
  return parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part, 0)
}
