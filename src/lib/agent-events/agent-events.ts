/** S2's payload: one step of an agent run. Streams in use: lifecycle, tool, assistant, error; any string is allowed. */
export interface AgentEventPayload {
  runId: string
  /** From 1, without gaps, per run. */
  seq: number
  stream: string
  /** Epoch milliseconds. */
  ts: number
  data: Record<string, unknown>
  sessionKey?: string
}

export type AgentEventInput = Pick<AgentEventPayload, 'runId' | 'stream' | 'data' | 'sessionKey'>

/** What is known of a run and added to each of its events. */
export interface AgentRunContext {
  sessionKey?: string
}

export interface AgentEventSystem {
  /** Numbers, stamps and passes on one event, and writes its transcript line. Returns what the listeners got. */
  emitAgentEvent(input: AgentEventInput): AgentEventPayload
  /** Calls `listener` with every event from now on; the returned function ends that. */
  onAgentEvent(listener: (event: AgentEventPayload) => void): () => void
  /** Adds `context` to every later event of the run; what the event itself says wins. */
  registerAgentRunContext(runId: string, context: AgentRunContext): void
}

export interface AgentEventOptions {
  now: () => number
  /** Takes one event for the session's record; what it throws goes to `onFault`. */
  record?: (event: AgentEventPayload) => void
  /** A listener or the record threw. The emitter never sees it: watching a run must not break it. */
  onFault: (fault: unknown) => void
}

/** How many runs are remembered. The one that was silent for longest is forgotten first. */
const maxRuns = 10_000

interface Run {
  seq: number
  context: AgentRunContext
}

/** The agent event system of spec S2, for programs that are not OpenClaw; inside OpenClaw the host has its own. */
export function createAgentEventSystem({now, record, onFault}: AgentEventOptions): AgentEventSystem {
  const runs = new Map<string, Run>()
  const listeners = new Set<(event: AgentEventPayload) => void>()

  const runOf = (runId: string): Run => {
    const run = runs.get(runId) ?? {seq: 0, context: {}}
    // Put last: a Map keeps the order of insertion, so its first key is the run that was silent for longest.
    runs.delete(runId)
    runs.set(runId, run)
    if (runs.size > maxRuns) runs.delete(runs.keys().next().value!)
    return run
  }
  const guarded = (call: () => void) => {
    try {
      call()
    } catch (fault) {
      onFault(fault)
    }
  }

  return {
    emitAgentEvent({runId, stream, data, sessionKey}) {
      const run = runOf(runId)
      const session = sessionKey ?? run.context.sessionKey
      const event = {
        runId,
        seq: ++run.seq,
        stream,
        ts: now(),
        data,
        ...(session !== undefined && {sessionKey: session}),
      }
      if (record) guarded(() => record(event))
      for (const listener of [...listeners]) guarded(() => listener(event))
      return event
    },
    onAgentEvent(listener) {
      // A function of its own per subscription, so that one listener may subscribe twice and leave once.
      const subscription = (event: AgentEventPayload) => listener(event)
      listeners.add(subscription)
      return () => listeners.delete(subscription)
    },
    registerAgentRunContext(runId, context) {
      const run = runOf(runId)
      run.context = {...run.context, ...context}
    },
  }
}
