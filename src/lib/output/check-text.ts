import type {Paint} from './paint.ts'
import {printable} from './printable.ts'

interface Looked {
  id: string
  ok: boolean
  severity: 'info' | 'warning' | 'error'
  message: string
  fix?: string
}

/** Checks for people: a sign, what was found, what to do; those that need somebody last, where they are read. */
export function checkLines(checks: readonly Looked[], paint: Paint): string[] {
  const rank = ({ok, severity}: Looked) => (ok ? 0 : 1 + ['info', 'warning', 'error'].indexOf(severity))
  const width = Math.max(0, ...checks.map(({id}) => id.length))
  return checks
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((check) => {
      const {id, message, fix} = check
      const [first = '', ...more] = message.split('\n').map((line) => printable(line))
      const margin = ' '.repeat(width + 10)
      return [
        `${signOf(check, paint)}  ${paint.dim(printable(id).padEnd(width))}  ${first}`,
        ...more.map((line) => `${margin}${line}`),
        ...(fix === undefined ? [] : [`${margin}try: ${printable(fix)}`]),
      ]
    })
}

function signOf({ok, severity}: Looked, paint: Paint): string {
  if (ok) return paint.good('ok    ')
  if (severity === 'error') return paint.bad('ERROR ')
  return severity === 'warning' ? paint.warn('warn  ') : paint.dim('note  ')
}
