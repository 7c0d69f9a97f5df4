import {isObject} from '../event/json.ts'

/** One entry of a transcript, as the host wrote it: a line of its JSONL format. */
export interface TranscriptRow {
  agentId: string
  sessionId: string
  /** Absent where an archive does not say it. */
  sessionKey?: string
  /** Its place in the session, from 0. */
  seq: number
  /** When the host stored it, epoch milliseconds; in archives the entry's own time. */
  at: number
  event: Record<string, unknown>
  /** The file that it was read from, relative to the state directory. */
  source: string
}

/** What could not be read. Everything else is read all the same. */
export interface TranscriptFault {
  source: string
  sessionId?: string
  seq?: number
  reason: string
}

/** Whose transcript is read, from which file. */
export type TranscriptPlace = Pick<TranscriptRow, 'agentId' | 'sessionId' | 'sessionKey' | 'source'> & {
  onFault: (fault: TranscriptFault) => void
}

/** The row of one entry's JSON; a fault, and undefined, where it is none. */
export function rowOf(
  {onFault, ...place}: TranscriptPlace,
  {seq, at, text}: {seq: number; at: number; text: string},
): TranscriptRow | undefined {
  const event = objectOf(text)
  if (event) return {...place, seq, at, event}
  onFault({source: place.source, sessionId: place.sessionId, seq, reason: 'it is no JSON object'})
  return undefined
}

export function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
