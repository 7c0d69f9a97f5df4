import {agentOfSession} from '../event/dialects/complete.ts'
import {RecentMap} from '../guard/recent-map.ts'

/** How much is remembered; of what was used last, at least half of it. */
export const memoryLimits = {sessions: 10_000, runs: 10_000, calls: 20_000, messages: 10_000, children: 10_000} as const

/** Whose event it is. */
export interface Ids {
  agentId?: string
  sessionId?: string
  sessionKey?: string
  runId?: string
  toolCallId?: string
}

export interface KnownSession {
  agentId?: string
  sessionId?: string
  /** Epoch milliseconds. */
  startedAt?: number
  /** The run that was last seen in it. */
  runId?: string
  /** The correlation of the message that came in last: what goes out answers it. */
  turn?: string
  /** Texts that were written to the transcript and that the stream of replies may still bring. */
  written: string[]
  /** Whether the stream brought a text since the last one that was written. */
  hasStreamed: boolean
}

export interface KnownRun extends Ids {
  model?: string
  provider?: string
  channel?: string
  lastSeq: number
  lastTs: number
  isStarted: boolean
  isEnded: boolean
  /** Whether any reply of it was recorded. */
  hasSpoken: boolean
  /** A message to the model is known of it. */
  isAsked: boolean
  /** The sum of what its messages used. */
  usage?: Record<string, number>
  outputTokens?: number
  prompt?: PromptSizes
}

/** Sizes of the prompt on its way to the model, to tell what was added. */
export interface PromptSizes {
  resolveLength?: number
  buildLength?: number
  buildDigest?: string
  buildMessages?: number
}

/** Where a child session comes from. */
export interface Lineage {
  subagentKey: string
  childAgentId?: string
  parentAgentId?: string
  parentSessionId?: string
  parentSessionKey?: string
}

/** What was learnt of sessions, runs and children, so that each event can say whose it is. Bounded. */
export interface Directory {
  session(key: string): KnownSession
  run(id: string): KnownRun
  /** The run that goes on in a session. */
  currentRun(sessionKey: string | undefined): string | undefined
  /** The ids with what is known of their session and run; takes note of what is new in them. */
  learn(ids: Ids): Ids
  /** A session began at `at`: what went on under the same key was another one. */
  renew(key: string, sessionId: string | undefined, at: number): void
  lineage(sessionKey: string | undefined): Lineage | undefined
  adopt(lineage: Lineage): void
}

export function createDirectory(): Directory {
  const sessions = new RecentMap<KnownSession>(memoryLimits.sessions)
  const runs = new RecentMap<KnownRun>(memoryLimits.runs)
  const children = new RecentMap<Lineage>(memoryLimits.children)
  const session = (key: string) => sessions.use(key, newSession)
  const run = (id: string) => runs.use(id, newRun)

  return {
    session,
    run,
    currentRun(sessionKey) {
      const runId = sessionKey === undefined ? undefined : sessions.peek(sessionKey)?.runId
      return runId === undefined || runs.peek(runId)?.isEnded === true ? undefined : runId
    },
    learn(ids) {
      const {runId} = ids
      const known = runId === undefined ? undefined : run(runId)
      const sessionKey = ids.sessionKey ?? known?.sessionKey
      const place = sessionKey === undefined ? undefined : session(sessionKey)
      const agentId = ids.agentId ?? known?.agentId ?? place?.agentId ?? agentOfSession(sessionKey)
      const sessionId = ids.sessionId ?? place?.sessionId ?? known?.sessionId
      if (known !== undefined) {
        known.agentId ??= agentId
        known.sessionKey ??= sessionKey
        known.sessionId ??= sessionId
      }
      if (place !== undefined) {
        place.agentId ??= agentId
        if (ids.sessionId !== undefined) place.sessionId = ids.sessionId
        if (runId !== undefined) place.runId = runId
      }
      return {agentId, sessionId, sessionKey, runId, toolCallId: ids.toolCallId}
    },
    renew(key, sessionId, at) {
      const place = session(key)
      place.startedAt = at
      place.sessionId = sessionId
      place.runId = undefined
    },
    lineage: (sessionKey) => (sessionKey === undefined ? undefined : children.peek(sessionKey)),
    adopt: (lineage) => children.put(lineage.subagentKey, lineage),
  }
}

function newSession(): KnownSession {
  return {written: [], hasStreamed: false}
}

function newRun(): KnownRun {
  return {lastSeq: 0, lastTs: 0, isStarted: false, isEnded: false, hasSpoken: false, isAsked: false}
}
