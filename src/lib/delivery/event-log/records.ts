import type {StoredEvent} from '../../event/envelope.ts'
import type {DiagnosticLevel} from '../diagnostics.ts'

export type EventLogFormat = 'full-json' | 'summary'

/** One event as a line of the file, in S3's form; `summary` also has the event's id and place. */
export function eventLine(event: StoredEvent, format: EventLogFormat): string {
  const {timestamp} = event
  if (format === 'full-json') return `${JSON.stringify({timestamp, kind: 'event', event})}\n`
  const {eventId, type, eventCategory, eventName, source, agentId, sessionId, sessionKey, runId, toolCallId} = event
  const {correlationId, position} = event
  const ids = {agentId, sessionId, sessionKey, runId, toolCallId, correlationId}
  const summary = {timestamp, kind: 'event', eventId, type, eventCategory, eventName, source, ...ids, position}
  return `${JSON.stringify(summary)}\n`
}

/** What the program says of itself, as a line of the file. */
export function runtimeLine(level: DiagnosticLevel, message: string, atMs: number): string {
  return `${JSON.stringify({timestamp: new Date(atMs).toISOString(), kind: 'runtime', level, message})}\n`
}

/** The position of the event in a line that `eventLine` wrote; undefined for any other. */
export function positionInLine(line: string): string | undefined {
  try {
    const {kind, event, position} = JSON.parse(line)
    const found = kind === 'event' ? (event?.position ?? position) : undefined
    return typeof found === 'string' ? found : undefined
  } catch {
    return undefined
  }
}
