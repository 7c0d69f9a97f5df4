import type {createChanges} from '../lib/guard/changes.ts'
import type {ReplayFault} from '../lib/guard/replay.ts'
import {createLineWriter} from '../lib/guard/replay-line.ts'
import type {ReplayBatch} from '../lib/guard/replay-run.ts'
import type {ReplaySummary} from '../lib/guard/replay-summary.ts'
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
  let printed = 0
  let onlyChanges = false
  const note = ({line, error}: ReplayFault) => term.note(`line ${line}: ${error}`)

  async function machineLines({calls}: ReplayBatch): Promise<void> {
    if (calls.length === 0) return
    const texts = calls.map(lineOf)
    await term.line(flags.json ? (printed > 0 ? ',' : '') + texts.join(',\n') : texts.join('\n'))
    printed += calls.length
  }

  async function lines({calls}: ReplayBatch): Promise<void> {
    for (const replayed of calls) {
      // Allowed calls are what everybody expects; with a trace each is shown.
      if (replayed.would.verdict === 'allow' && replayed.would.source !== 'engine' && !flags.trace) continue
      await term.line(replayedLine(replayed, term))
      if (flags.trace) {
        await term.line(`        ${callText(replayed.call)}`)
        for (const line of traceLines(replayed.would.trace ?? [], term.paint)) await term.line(`      ${line}`)
      }
      printed++
    }
  }

  return {
    /** In a comparison the calls themselves are not shown, only how two policies differ on them. */
    async start(isComparison: boolean): Promise<void> {
      onlyChanges = isComparison
      if (flags.json && !onlyChanges) await term.line('{"calls":[')
    },
    async batch(batch: ReplayBatch): Promise<void> {
      if (!flags.json) batch.faults.forEach(note)
      faults.push(...batch.faults.slice(0, Math.max(0, listedFaults - faults.length)))
      if (onlyChanges) return
      await (flags.json || flags.ndjson ? machineLines(batch) : lines(batch))
    },
    async end(summary: ReplaySummary): Promise<void> {
      if (flags.json) return term.line(`],"summary":${JSON.stringify(summary)},"faults":${JSON.stringify(faults)}}`)
      if (flags.ndjson) return
      if (printed > 0) await term.line('')
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
        `${calls.length > 0 ? '\n' : ''}${summary.changed} of ${summary.total} calls are judged differently${kinds === '' ? '' : `: ${kinds}`}`,
      )
    },
  }
}
