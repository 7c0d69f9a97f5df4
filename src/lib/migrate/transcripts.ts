import type {ClawEvent} from '../event/envelope.ts'
import type {TranscriptFault, TranscriptRow} from '../openclaw/transcript-row.ts'
import type {EventStore, Lease} from '../store/port.ts'
import {createRecorder, type Recorder} from './recorder.ts'
import {type CallMemory, createCallMemory, factsOf, type TranscriptFact} from './transcript-events.ts'
import {callWindowMs, joinedTypes, noteRecorded, notRecorded, type Recorded} from './transcript-join.ts'

export interface TranscriptOptions {
  store: EventStore
  /** The exclusive right to migrate into the store; not taken in a dry run. */
  lock: () => Promise<Lease>
  /** Do everything but the writing. */
  dryRun?: boolean
  signal?: AbortSignal
  onProgress?: (progress: {entries: number; sessions: number}) => void
  /** Gets each event that is written, or would be, in order. */
  onEvent?: (event: ClawEvent) => void | Promise<void>
}

/** docs/output.md, `migrate --transcripts --json`. In a dry run it says what a run would do. */
export interface TranscriptResult {
  sessions: number
  /** Entries of transcripts that were read. */
  entries: number
  /** What they come to: recorded, appended and duplicates. */
  events: number
  /** Events that the log has from when they happened. */
  recorded: number
  appended: number
  /** Events that an earlier migration left there. */
  duplicates: number
  /** The first `maxFaults` things that could not be read. */
  failed: TranscriptFault[]
  /** All of them. */
  failedEntries: number
  /** It was told to stop before the end: what it counts is done. */
  interrupted: boolean
}

/** Reads the transcripts and tells `onFault` of what cannot be read. */
export type ReadTranscripts = (onFault: (fault: TranscriptFault) => void) => AsyncIterable<TranscriptRow>

/** What is compared with the log at one time. */
const chunkFacts = 5000
const chunkCharacters = 16 * 1024 * 1024
const maxFaults = 1000

/**
 * Records what OpenClaw's transcripts tell and the log does not have: history from before the plugin was there, or from
 * when it was off. Ids are made from the transcript, so that doing it again adds nothing.
 */
export async function migrateTranscripts(read: ReadTranscripts, options: TranscriptOptions): Promise<TranscriptResult> {
  const {signal, onProgress} = options
  const result: TranscriptResult = {...nothing(), failed: []}
  const lease = options.dryRun ? undefined : await options.lock()
  const recorder = createRecorder(options)
  const chunk = createChunk(options, recorder, result)
  const rows = read((fault) => {
    result.failedEntries++
    if (result.failed.length < maxFaults) result.failed.push(fault)
  })
  let session = ''
  let calls = createCallMemory()
  try {
    for await (const row of rows) {
      if (signal?.aborted) break
      const next = `${row.agentId} ${row.sessionId} ${row.source}`
      if (next !== session) {
        session = next
        calls = createCallMemory()
        result.sessions++
      }
      result.entries++
      await chunk.add(row, calls)
      onProgress?.(result)
    }
    await chunk.flush()
    const {appended, duplicates} = await recorder.finish()
    return {...result, appended, duplicates: result.duplicates + duplicates, interrupted: signal?.aborted ?? false}
  } finally {
    await recorder.settle()
    await lease?.release()
  }
}

function nothing() {
  const counts = {sessions: 0, entries: 0, events: 0, recorded: 0, appended: 0, duplicates: 0, failedEntries: 0}
  return {...counts, interrupted: false}
}

interface Chunk {
  add(row: TranscriptRow, calls: CallMemory): Promise<void>
  flush(): Promise<void>
}

/** Facts of one agent, together as many as are compared with the log at once. */
function createChunk({store}: TranscriptOptions, recorder: Recorder, result: TranscriptResult): Chunk {
  let agentId = ''
  let facts: TranscriptFact[] = []
  let characters = 0

  async function flush(): Promise<void> {
    const all = facts
    facts = []
    characters = 0
    if (all.length === 0) return
    const recorded = await readRecorded(store, agentId, all)
    const fresh = all.filter(({event}) => !recorded.ids.has(event.eventId))
    const missing = notRecorded(fresh, recorded)
    result.events += all.length
    result.duplicates += all.length - fresh.length
    result.recorded += fresh.length - missing.length
    for (const {event} of missing) {
      // An archive and the database may both have an entry.
      if (recorded.ids.has(event.eventId)) result.duplicates++
      else await recorder.add(event)
      recorded.ids.add(event.eventId)
    }
  }

  return {
    flush,
    async add(row, calls) {
      if (row.agentId !== agentId) await flush()
      agentId = row.agentId
      for (const fact of factsOf(row, calls)) {
        facts.push(fact)
        characters += JSON.stringify(fact.event.data).length
      }
      if (facts.length >= chunkFacts || characters >= chunkCharacters) await flush()
    },
  }
}

/** What the log has of the sessions and the time of some facts. */
async function readRecorded(store: EventStore, agentId: string, facts: readonly TranscriptFact[]): Promise<Recorded> {
  const sessions = new Set(facts.flatMap(({event: {sessionId, sessionKey}}) => [sessionId, sessionKey]))
  let since = Number.POSITIVE_INFINITY
  let until = Number.NEGATIVE_INFINITY
  for (const {atMs} of facts) {
    since = Math.min(since, atMs - callWindowMs)
    until = Math.max(until, atMs + callWindowMs)
  }
  const filter = {
    agents: [agentId],
    sessions: [...sessions].filter((session) => session !== undefined),
    types: joinedTypes,
    since,
    until: until + 1,
  }
  const recorded: Recorded = {ids: new Set(), facts: []}
  for await (const event of store.read(filter)) noteRecorded(recorded, event)
  return recorded
}
