import {runText} from '../lib/output/run-text.ts'
import {readTimeline} from '../lib/replay/timeline.ts'
import type {EventStore} from '../lib/store/port.ts'
import type {Terminal} from './terminal.ts'

interface TimelineFlags {
  run?: string[]
  to: string
  json?: boolean
  ndjson?: boolean
}

/** Flags that choose events, or say how they are sent: with one of them the events themselves are wanted. */
const eventFlags = ['type', 'agent', 'session', 'tool', 'since', 'until', 'text', 'where', 'speed', 'resume']

/** Whether `--run` alone is asked for, on the screen or as a document: then runs are shown, not events. */
export function isTimeline(flags: TimelineFlags & Record<string, unknown>): boolean {
  const {run, to, ndjson, limit, format} = flags
  const asksForEvents = ndjson || limit !== 0 || format !== 'claw' || flags['dry-run'] === true
  return Boolean(run) && to === 'stdout' && !asksForEvents && eventFlags.every((name) => flags[name] === undefined)
}

/** So much of params, results and texts people can look at. */
const shownCharacters = 2000

/** Prints runs as timelines, or as one document that has all of their content. */
export async function printTimelines(
  store: EventStore,
  {run: runs = [], json}: TimelineFlags,
  {term, signal}: {term: Terminal; signal: AbortSignal},
): Promise<void> {
  const keep = json ? (content: unknown) => content : shorten
  const shown: unknown[] = []
  for (const [index, runId] of runs.entries()) {
    const {run, isCut} = await readTimeline(store, runId, {keep, signal})
    if (run === undefined) term.note(`no event of run ${runId}`)
    if (isCut) term.note(`run ${runId} has more events than are shown`)
    if (run === undefined) continue
    if (json) shown.push(run)
    else for (const line of [...(index > 0 ? [''] : []), ...runText(run, term)]) await term.line(line)
  }
  if (json) await term.line(JSON.stringify({runs: shown}))
}

/** Long texts cut, lists and objects as they are: they are cut when they are shown. */
function shorten(content: unknown): unknown {
  return typeof content === 'string' && content.length > shownCharacters ? content.slice(0, shownCharacters) : content
}
