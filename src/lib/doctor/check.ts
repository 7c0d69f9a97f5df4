/** One thing that was looked at. */
export interface Check {
  /** Stable, dotted: `store.durability`. */
  id: string
  ok: boolean
  /** How bad it is that it is not ok; what is ok is `info`. */
  severity: 'info' | 'warning' | 'error'
  message: string
  /** What to do about it. */
  fix?: string
}

export interface Diagnosis {
  /** Whether nothing is wrong that needs somebody: no check failed with more than `info`. */
  ok: boolean
  checks: Check[]
}

export function fine(id: string, message: string): Check {
  return {id, ok: true, severity: 'info', message}
}

export function wrong(id: string, severity: 'info' | 'warning' | 'error', message: string, fix?: string): Check {
  return {id, ok: false, severity, message, ...(fix !== undefined && {fix})}
}

export function diagnosis(checks: Check[]): Diagnosis {
  return {ok: checks.every(({ok, severity}) => ok || severity === 'info'), checks}
}
