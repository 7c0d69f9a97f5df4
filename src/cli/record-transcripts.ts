import {stateDirectory} from '../lib/config/state-dir.ts'
import {Exit} from '../lib/errors.ts'
import type {ClawEvent} from '../lib/event/envelope.ts'
import {migrateTranscripts, type TranscriptOptions, type TranscriptResult} from '../lib/migrate/transcripts.ts'
import {readTranscripts} from '../lib/openclaw/transcripts.ts'
import {counted} from '../lib/output/counted.ts'
import {createProgress} from './progress.ts'
import type {Terminal} from './terminal.ts'

export interface TranscriptFlags {
  state?: string
  agent?: string
  'dry-run': boolean
  json?: boolean
  ndjson?: boolean
}

export interface TranscriptScene extends Pick<TranscriptOptions, 'store' | 'lock'> {
  term: Terminal
  signal: AbortSignal
  /** Prints an event that would be written. */
  printPlanned: (event: ClawEvent) => Promise<void>
}

/** Records what OpenClaw's transcripts tell, and prints what came of it. */
export async function recordTranscripts(flags: TranscriptFlags, scene: TranscriptScene): Promise<void> {
  const {term, signal, store, lock, printPlanned} = scene
  const stateDir = stateDirectory({state: flags.state, env: process.env})
  const agents = flags.agent === undefined ? undefined : [flags.agent]
  const dryRun = flags['dry-run']
  const progress = createProgress(term, {unit: 'entries'})
  const result = await migrateTranscripts((onFault) => readTranscripts({stateDir, agents, onFault}), {
    store,
    lock,
    dryRun,
    signal,
    onEvent: dryRun && !flags.json ? printPlanned : undefined,
    onProgress: ({entries}) => progress.update(entries),
  }).finally(() => progress.stop())
  if (result.failedEntries > 0) process.exitCode = Exit.failed
  if (flags.json) return term.outcome(JSON.stringify(result))
  for (const {source, sessionId, seq, reason} of result.failed) {
    const place = [source, sessionId, seq === undefined ? undefined : `entry ${seq}`].filter(
      (part) => part !== undefined,
    )
    term.note(`failed: ${place.join(' ')}: ${reason}`)
  }
  if (result.entries === 0 && result.failedEntries === 0) term.note(`no transcripts in ${stateDir}/agents`)
  if (!flags.ndjson) term.outcome(summaryOf(result, dryRun))
}

function summaryOf(result: TranscriptResult, dryRun: boolean): string {
  const {sessions, entries, events, recorded, appended, duplicates, failedEntries, interrupted} = result
  const added = dryRun ? `${appended} would be added` : `${appended} added`
  const read = `${counted(entries, 'entry', 'entries')} of ${counted(sessions, 'session')}, ${counted(events, 'event')}`
  const end = interrupted ? '; interrupted before the end' : ''
  return `${read}: ${added}, ${recorded} recorded when they happened, ${duplicates} already there, ${failedEntries} failed${end}`
}
