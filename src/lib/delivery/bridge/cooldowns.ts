/** When each rule may start its action again. */
export interface Cooldowns {
  /** Whether the rule may act now; if so, its cooldown begins. */
  take(ruleId: string, cooldownMs: number, now: number): boolean
  /** The action failed: the next event may start it. */
  release(ruleId: string): void
  /** What is left of them, as JSON, so that a restart does not open them. */
  details(now: number): Record<string, unknown>
}

export function createCooldowns(saved: Record<string, unknown> = {}): Cooldowns {
  const until = new Map<string, number>()
  const kept = saved['cooldowns']
  if (typeof kept === 'object' && kept !== null) {
    for (const [ruleId, at] of Object.entries(kept)) if (typeof at === 'number') until.set(ruleId, at)
  }
  return {
    take(ruleId, cooldownMs, now) {
      if (cooldownMs <= 0) return true
      const end = until.get(ruleId)
      // A clock that was set back must not keep a rule shut for longer than its cooldown.
      if (end !== undefined && now < end && end - now <= cooldownMs) return false
      until.set(ruleId, now + cooldownMs)
      return true
    },
    release: (ruleId) => void until.delete(ruleId),
    details: (now) => ({cooldowns: Object.fromEntries([...until].filter(([, end]) => end > now))}),
  }
}
