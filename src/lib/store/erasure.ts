import {ClawError, Exit} from '../errors.ts'
import type {ClawEvent, Position, StoredEvent} from '../event/envelope.ts'
import {makeEvent} from '../event/make.ts'
import type {Filter} from '../filter/filter.ts'
import type {EraseRequest, EraseResult} from './port.ts'
import {sortGroups} from './tally.ts'

/** The type of the event by which a log says that content was erased from it. Never erased itself. */
export const erasureType = 'log.erased'

type Read = (filter: Filter) => AsyncIterable<StoredEvent>

/** The events that a request is about, in log order. */
export async function* eventsToErase(read: Read, {filter, persons, signal}: EraseRequest): AsyncGenerator<StoredEvent> {
  const belongs = persons && (await personTest(read, persons, signal))
  for await (const event of read(filter)) {
    signal?.throwIfAborted()
    if (event.type !== erasureType && (belongs === undefined || belongs(event))) yield event
  }
}

/** Runs, messages and sessions that are remembered while looking for what belongs to a person. */
const mostLinked = 500_000

/**
 * An event belongs to a person when it names them, or is of a run, a message or a session that does: what the agent
 * thought, called and answered because of them tells of them too.
 */
async function personTest(
  read: Read,
  persons: readonly string[],
  signal: AbortSignal | undefined,
): Promise<(event: ClawEvent) => boolean> {
  const linked = new Set<string>()
  for await (const event of read({})) {
    signal?.throwIfAborted()
    if (event.type === erasureType || !namesAny(event, persons)) continue
    const {runId, correlationId, sessionKey, sessionId} = event
    if (runId) linked.add(`run ${runId}`)
    if (correlationId) linked.add(`correlation ${correlationId}`)
    // A session that bears their name is all theirs; in any other one they are one of several.
    if (sessionId && namesAny(sessionKey, persons)) linked.add(`session ${sessionId}`)
    if (linked.size > mostLinked) throw tooMany(persons)
  }
  return (event) =>
    linked.has(`run ${event.runId}`) ||
    linked.has(`correlation ${event.correlationId}`) ||
    linked.has(`session ${event.sessionId}`) ||
    namesAny(event, persons)
}

function tooMany(persons: readonly string[]): ClawError {
  return new ClawError('USAGE', `more than ${mostLinked} runs and messages belong to ${persons.join(', ')}`, {
    exit: Exit.usage,
    suggestions: ['give the id of one person', 'erase whole sessions or times: --session KEY, --since, --until'],
  })
}

/** Addresses are short; a longer text that happens to contain an id is content. */
const longestAddress = 512

/** Whether any value in it is one of the ids, or an address with the id as a part: `agent:main:telegram:dm:4711`. */
function namesAny(value: unknown, ids: readonly string[]): boolean {
  const waiting = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next === 'string' || typeof next === 'number') {
      const text = String(next)
      if (text.length <= longestAddress && ids.some((id) => isPart(id, text))) return true
    } else if (typeof next === 'object' && next !== null) {
      for (const inner of Object.values(next)) waiting.push(inner)
    }
  }
  return false
}

function isPart(id: string, text: string): boolean {
  return text === id || `:${text}:`.includes(`:${id}:`)
}

/** What a log keeps of an erasure beside the proof, which each kind of log has in its own form. */
export interface Erasure {
  erased: number
  first: Position
  last: Position
  request: EraseRequest
}

/** The record of an erasure. It names the kinds of conditions only: their values may be what had to go. */
export function erasureRecord(
  {erased, first, last, request}: Erasure,
  proof: Record<string, unknown>,
  now: number,
): ClawEvent {
  const {filter, persons, reason} = request
  const by = [...Object.keys(filter), ...(persons ? ['persons'] : [])]
  const text = `the content of ${erased === 1 ? 'one event' : `${erased} events`} was erased`
  const data = {text, erased, first, last, by, ...(reason !== undefined && {reason}), ...proof}
  return makeEvent({type: erasureType, agentId: 'system', source: 'cli', data, now})
}

/** Counts what matches while it is erased. */
export function createErasureTally(): {note(type: string): void; result(): Pick<EraseResult, 'matched' | 'types'>} {
  const counts = new Map<string, number>()
  let matched = 0
  return {
    note(type) {
      matched++
      counts.set(type, (counts.get(type) ?? 0) + 1)
    },
    result() {
      const types = [...counts].map(([key, count]) => ({key, count}))
      return {matched, types: sortGroups(types, 'type')}
    },
  }
}
