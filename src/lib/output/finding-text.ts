import type {Finding} from '../guard/check/finding.ts'
import type {Paint} from './paint.ts'
import {printable} from './printable.ts'

/** A finding: how bad, which rule, what; then where, and what to do. */
export function findingLines({severity, code, ruleId, path, message, suggestion}: Finding, paint: Paint): string[] {
  const shade = severity === 'error' ? paint.bad : severity === 'warning' ? paint.warn : paint.dim
  const subject = ruleId === undefined ? '' : `"${printable(ruleId)}" `
  const lines = [
    `${shade(severity.padEnd(7))}  ${subject}${printable(message)}`,
    `         ${paint.dim(`${printable(path)} (${code})`)}`,
  ]
  if (suggestion !== undefined) lines.push(`         try: ${printable(suggestion)}`)
  return lines
}
