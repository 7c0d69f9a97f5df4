/** Where an event came from: a host hook, the host's agent events, ourselves, or material taken in later. */
export type EventSource = 'internal-hook' | 'plugin-hook' | 'agent-event' | 'synthetic' | 'migration' | 'import' | 'cli'

export type Visibility = 'internal' | 'public' | 'confidential'

export interface EventError {
  message: string
  code?: string
  kind?: string
}

/** One recorded fact: fixed outer fields (the envelope) and a payload (`data`). Unknown outer fields are kept. */
export interface ClawEvent {
  /** At most 128 bytes. New events: UUIDv7. Imported or migrated: made from place and content, or the source's own. */
  eventId: string
  /** '1.2.0' when made here; kept as it came when imported. */
  schemaVersion: string
  /** When it happened at the source: RFC 3339, UTC, milliseconds. */
  timestamp: string
  /** Dotted, noun first: `tool.called`. */
  type: string
  eventCategory: string
  /** The source's own name for it, e.g. `before_tool_call`. */
  eventName: string
  source: EventSource | (string & {})
  /** `system` where no agent is concerned; never invented. */
  agentId: string
  sessionId?: string
  sessionKey?: string
  runId?: string
  toolCallId?: string
  /** The same for all events of one tool call or one message. */
  correlationId: string
  visibility: Visibility
  /** The agent-event stream (S2) and the run's monotonic sequence in it. */
  stream?: string
  seq?: number
  result?: unknown
  error?: EventError
  data: Record<string, unknown>
  metadata?: Record<string, unknown>
}

/** An opaque place in a log. Positions of one log compare as strings in log order. */
export type Position = string

export interface StoredEvent extends ClawEvent {
  position: Position
  /** When the log took it in: RFC 3339, UTC, milliseconds. */
  storedAt: string
}

export const schemaVersion = '1.2.0'

/** The longest names a log accepts, in UTF-8 bytes: they become subjects and index keys. */
export const limits = {eventIdBytes: 128, typeBytes: 256, agentIdBytes: 256} as const

/** The fields that say what an event is and where it belongs; all others are its content. */
export const identityFields = [
  'eventId',
  'schemaVersion',
  'timestamp',
  'type',
  'eventCategory',
  'eventName',
  'source',
  'agentId',
  'sessionId',
  'sessionKey',
  'runId',
  'toolCallId',
  'correlationId',
  'visibility',
  'stream',
  'seq',
] as const
