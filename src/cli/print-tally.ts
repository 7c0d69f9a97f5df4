import {bars} from '../lib/output/bars.ts'
import {counted} from '../lib/output/counted.ts'
import type {Grouping, Tally} from '../lib/store/port.ts'
import type {Terminal} from './terminal.ts'

/** Prints counts: bars on a terminal, `key<TAB>count` in a pipe, one document or one group a line for programs. */
export async function printTally(
  {count, groups}: Tally,
  {by, json, ndjson}: {by?: Grouping; json?: boolean; ndjson?: boolean},
  term: Terminal,
): Promise<void> {
  if (json) return term.line(JSON.stringify(by ? {count, groups} : {count}))
  if (ndjson) {
    for (const line of by ? groups : [{count}]) await term.line(JSON.stringify(line))
    return
  }
  if (!by) return term.line(String(count))
  const lines = term.width
    ? bars(groups, {paint: term.paint, width: term.width})
    : groups.map((group) => `${group.key}\t${group.count}`)
  for (const line of lines) await term.line(line)
  term.note(counted(count, 'event'))
}
