import type {CaseResult} from '../guard/cases.ts'
import {counted} from './counted.ts'
import type {Paint} from './paint.ts'
import {printable} from './printable.ts'

/** Cases that failed, and how; those that passed are counted. */
export function caseLines({name, results}: {name: string; results: readonly CaseResult[]}, paint: Paint): string[] {
  const failed = results.filter(({ok}) => !ok)
  if (failed.length === 0) return [`${paint.good('ok    ')}  ${printable(name)}  ${counted(results.length, 'case')}`]
  return failed.flatMap(({note, failures}) => [
    `${paint.bad('failed')}  ${printable(name)}: ${printable(note)}`,
    ...failures.map(
      ({call, want, got}) =>
        `        call ${call}: wanted ${printable(JSON.stringify(want))}, got ${printable(JSON.stringify(got))}`,
    ),
  ])
}
