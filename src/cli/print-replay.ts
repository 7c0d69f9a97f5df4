import type {createChanges} from '../lib/guard/changes.ts'
import type {ReplayedCall, ReplayFault} from '../lib/guard/replay.ts'
import {createLineWriter} from '../lib/guard/replay-line.ts'
import type {ReplaySummary} from '../lib/guard/replay-summary.ts'
import {counted} from '../lib/output/counted.ts'
import {traceLines} from '../lib/output/trace-text.ts'
import {callText, changedLines, replayedLine, summaryText} from '../lib/output/verdict-text.ts'
import type {Terminal} from './terminal.ts'

export interface ReplayPrintFlags {
  json?: boolean
  ndjson?: boolean
  trace?: boolean
}

/** Faults that a JSON document lists; the summary counts all. */
const listedFaults = 10_000

/** Prints a replay as it goes: nothing is kept but the faults that the document lists at its end. */
export function createReplayPrinter(flags: ReplayPrintFlags, term: Terminal) {
  const lineOf = createLineWriter()
  const faults: ReplayFault[] = []
  // A comparison does not show the calls themselves, only how two policies differ on them.
  let isComparison = false
  let shown = 0
  let held: string[] = []

  function add(text: string): void {
    held.push(text)
    shown++
  }

  function addLines(replayed: ReplayedCall): void {
    // Allowed calls are what everybody expects; with a trace each is shown.
    if (replayed.would.verdict === 'allow' && !flags.trace) return
    add(replayedLine(replayed, term))
    if (!flags.trace) return
    add(`        ${callText(replayed.call)}`)
    for (const line of traceLines(replayed.would.trace ?? [], term.paint)) add(`      ${line}`)
  }

  return {
    async start(comparison: boolean): Promise<void> {
      isComparison = comparison
      if (flags.json && !isComparison) await term.line('{"calls":[')
    },
    call(replayed: ReplayedCall): void {
      if (isComparison) return
      if (flags.json || flags.ndjson) add(lineOf(replayed))
      else addLines(replayed)
    },
    fault(fault: ReplayFault): void {
      if (!flags.json) term.note(`line ${fault.line}: ${fault.error}`)
      if (faults.length < listedFaults) faults.push(fault)
    },
    async flush(): Promise<void> {
      if (held.length === 0) return
      const isFirst = shown === held.length
      const text = held.join(flags.json ? ',\n' : '\n')
      held = []
      await term.line(flags.json && !isFirst ? `,${text}` : text)
    },
    async end(summary: ReplaySummary): Promise<void> {
      if (flags.json) return term.line(`],"summary":${JSON.stringify(summary)},"faults":${JSON.stringify(faults)}}`)
      if (flags.ndjson) return
      if (shown > 0) await term.line('')
      await term.line(summaryText(summary, term.paint))
    },
    async changes({calls, summary}: ReturnType<ReturnType<typeof createChanges>['summary']>): Promise<void> {
      if (flags.json) return term.line(JSON.stringify({calls, summary, faults}))
      if (flags.ndjson) {
        for (const call of calls) await term.line(JSON.stringify(call))
        return
      }
      for (const call of calls) for (const line of changedLines(call, term.paint)) await term.line(line)
      if (summary.notShown > 0) term.note(`${summary.notShown} more changes are counted, not shown`)
      const kinds = summary.changes.map(({from, to, count}) => `${count} ${from} -> ${to}`).join(', ')
      await term.line(
        `${calls.length > 0 ? '\n' : ''}${summary.changed} of ${counted(summary.total, 'call')} ${summary.changed === 1 ? 'is' : 'are'} judged differently${kinds === '' ? '' : `: ${kinds}`}`,
      )
    },
  }
}
