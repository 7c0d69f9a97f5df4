/** One run of an agent, put together from its events. Times are epoch milliseconds. */
export interface Run {
  runId: string
  agentId: string
  sessionId?: string
  sessionKey?: string
  startMs: number
  /** The newest event that belongs to it, or when it said it ended. */
  endMs: number
  /** `running`: its end is not among the events. */
  status: 'running' | 'completed' | 'failed' | 'cancelled'
  stopReason?: string
  error?: {message: string; kind?: string}
  provider?: string
  model?: string
  usage?: Usage
  /** What happened in it, in the order of its events; of the first `stepLimit`. */
  steps: Step[]
  droppedSteps: number
  /** Where it was started from. */
  parent?: SpawnPlace
  /** The child run whose end it reports to the one that started that. */
  announces?: string
}

/** Tokens. `input` is what was not cached. */
export interface Usage {
  input?: number
  output?: number
  cacheRead?: number
  cacheWrite?: number
}

export type Step = ToolStep | ModelStep | MessageStep | NoteStep

export interface ToolStep {
  kind: 'tool'
  toolCallId: string | undefined
  /** Hosts use an id again in one run: which of its calls this is, from 0. */
  nth: number
  toolName: string
  startMs: number
  /** Undefined: its end is not among the events. */
  endMs?: number
  status: 'running' | 'ok' | 'failed' | 'blocked'
  params?: unknown
  result?: unknown
  error?: {message: string; kind?: string}
  /** What the guard and people decided about it. */
  decisions: Decision[]
  /** The call of a tool that calls tools. */
  parentToolCallId?: string
  eventIds: string[]
}

export interface Decision {
  atMs: number
  type: string
  ruleId?: string
  actionId?: string
  source?: string
  reason?: string
  decision?: string
}

/** One call to a model. */
export interface ModelStep {
  kind: 'model'
  callId: string
  startMs: number
  endMs?: number
  provider?: string
  model?: string
  usage?: Usage
  responseId?: string
  stopReason?: string
  error?: {message: string; kind?: string}
}

export interface MessageStep {
  kind: 'message'
  direction: 'in' | 'out'
  atMs: number
  text: string
  /** The part of a streamed message; a later, longer text of the same part takes its place. */
  part: string
  eventId: string
}

/** Anything else that happened in the run. */
export interface NoteStep {
  kind: 'note'
  type: string
  atMs: number
  text?: string
  eventId: string
}

/** The tool call that started a run. */
export interface SpawnPlace {
  runId: string
  /** Undefined: it is known which run started it, not by which call. */
  toolCallId?: string
  nth: number
}
