import {askedIn} from '../lib/context/clean.ts'
import type {SeenByModel} from '../lib/context/seen.ts'
import type {Fields} from './host-api.ts'

/** A turn whose prompt is about to be built, as the host tells of it. */
export interface Turn {
  agentId: string
  sessionId?: string
  sessionKey?: string
  runId?: string
  /** What the agent is about to answer. */
  prompt?: string
  seen: SeenByModel
}

/**
 * Turns that are about nothing that was said: the host polls the agent, and tells it itself not to come back to old
 * tasks; or has it write down what a session holds before that is compacted.
 */
const housekeeping: ReadonlySet<string> = new Set(['heartbeat', 'memory'])

/** The turn of a `before_prompt_build`; undefined where no agent is named, and for turns that context does not help. */
export function readTurn(event: Fields, ctx: Fields): Turn | undefined {
  const text = (name: string) => {
    const value = ctx[name] ?? event[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const agentId = text('agentId')
  if (agentId === undefined || housekeeping.has(text('trigger') ?? '')) return undefined
  const [sessionId, sessionKey] = [text('sessionId'), text('sessionKey')]
  const sessions = [sessionId, sessionKey].filter((name) => name !== undefined)
  return {
    agentId,
    sessionId,
    sessionKey,
    runId: text('runId'),
    prompt: askedIn(typeof event['prompt'] === 'string' ? event['prompt'] : ''),
    seen: {sessions, sinceMs: historyStart(event['messages'])},
  }
}

/** Who speaks in a history; what else is in it, such as a summary of what was compacted, stands for things unseen. */
const speakers: ReadonlySet<unknown> = new Set(['user', 'assistant', 'toolResult', 'tool'])

/**
 * Epoch milliseconds of the oldest message that the model has before it. Infinity for none at all; undefined where the
 * host does not say, and then all of the session counts as seen.
 */
function historyStart(messages: unknown): number | undefined {
  if (!Array.isArray(messages)) return undefined
  let oldest = Number.POSITIVE_INFINITY
  for (const message of messages) {
    if (typeof message !== 'object' || message === null || !speakers.has(Reflect.get(message, 'role'))) continue
    const time: unknown = Reflect.get(message, 'timestamp')
    if (typeof time !== 'number' || !Number.isFinite(time)) return undefined
    oldest = Math.min(oldest, time)
  }
  return oldest
}
