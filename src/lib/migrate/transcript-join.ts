import type {ClawEvent} from '../event/envelope.ts'
import {isObject} from '../event/json.ts'
import {timeOf} from '../event/timestamp.ts'
import {type FactKind, type TranscriptFact, transcriptEntry} from './transcript-events.ts'

/** Types of events that tell the same facts as transcripts do. */
export const joinedTypes = [
  'conversation.*',
  'tool.called',
  'tool.completed',
  'tool.error',
  'tool.guard.blocked',
  'message.received',
  'lifecycle.error',
  'session.start',
  'session.after_compaction',
] as const

/** How far apart two sources may tell of one call, and of one message without a name. */
export const callWindowMs = 600_000
const textWindowMs = 60_000

/** What of a log tells the same facts as a part of a transcript. */
export interface Recorded {
  /** The ids of events that an earlier migration of transcripts left there. */
  ids: Set<string>
  facts: RecordedFact[]
}

export interface RecordedFact {
  kind: FactKind
  atMs: number
  names: string[]
  runId?: string
  sessionId?: string
  sessionKey?: string
  text?: string
}

/** Takes note of an event of the log. */
export function noteRecorded({ids, facts}: Recorded, event: ClawEvent): void {
  const {eventId, metadata, sessionId, sessionKey, runId, type} = event
  const entry = metadata?.['entry']
  if (isObject(entry) && entry['how'] === transcriptEntry) {
    ids.add(eventId)
    return
  }
  const known = recordedKind(type)
  if (known === undefined) return
  const text = known === 'in' || known === 'out' ? bareText(event) : undefined
  facts.push({
    kind: known,
    atMs: timeOf(event),
    names: namesOf(event, known),
    ...(runId !== undefined && {runId}),
    // Some tools write the key where they know no id.
    ...(sessionId !== undefined && sessionId !== sessionKey && {sessionId}),
    ...(sessionKey !== undefined && {sessionKey}),
    ...(text !== undefined && {text}),
  })
}

function recordedKind(type: string): FactKind | undefined {
  switch (type) {
    case 'tool.called':
    case 'conversation.tool_call':
      return 'call'
    case 'tool.completed':
    case 'tool.error':
    case 'tool.guard.blocked':
    case 'conversation.tool_result':
      return 'end'
    case 'conversation.message.in':
    case 'message.received':
      return 'in'
    case 'conversation.message.out':
      return 'out'
    case 'lifecycle.error':
      return 'failure'
    case 'session.start':
      return 'session'
    case 'session.after_compaction':
      return 'compaction'
    default:
      return undefined
  }
}

function namesOf({toolCallId, runId, sessionId, data, metadata = {}}: ClawEvent, kind: FactKind): string[] {
  const {messageId} = data
  const names: Record<FactKind, unknown[]> = {
    call: [toolCallId],
    end: [toolCallId],
    // The host makes the key of the run, and the run of the message's id.
    in: [data['idempotencyKey'], typeof messageId === 'string' ? `${messageId}:user` : undefined],
    out: [metadata['responseId']],
    failure: [runId],
    session: [sessionId, data['sessionId']],
    compaction: [],
  }
  return names[kind].filter((name) => typeof name === 'string' && name !== '') as string[]
}

function bareText({data}: ClawEvent): string {
  const text = typeof data['text'] === 'string' ? data['text'] : data['content']
  return bare(typeof text === 'string' ? text : '')
}

/** So much of a text tells it from others. */
const comparedLength = 10_000

function bare(text: string): string {
  return text.slice(0, comparedLength).replaceAll(/\s+/g, ' ').trim()
}

/** The facts that the log does not have: each that it has takes one of a transcript's away, the nearest in time. */
export function notRecorded(facts: readonly TranscriptFact[], {facts: recorded}: Recorded): TranscriptFact[] {
  const taken = new Set<RecordedFact>()
  const found = new Set<TranscriptFact>()
  const index = indexOf(recorded)
  for (const {fact, candidate} of pairsOf(facts, index)) {
    if (found.has(fact) || taken.has(candidate)) continue
    found.add(fact)
    taken.add(candidate)
  }
  const replies = recorded.filter(({kind, atMs}) => kind === 'out' && !Number.isNaN(atMs))
  replies.sort((a, b) => a.atMs - b.atMs)
  for (const fact of facts) {
    if (fact.kind !== 'out' || found.has(fact)) continue
    const parts = replyParts(fact, near(replies, fact.atMs), taken)
    if (parts.length === 0) continue
    found.add(fact)
    for (const part of parts) taken.add(part)
  }
  return facts.filter((fact) => !found.has(fact))
}

interface Pair {
  fact: TranscriptFact
  candidate: RecordedFact
  distanceMs: number
}

/** What may be the same, the surest first. */
function pairsOf(facts: readonly TranscriptFact[], index: Map<string, RecordedFact[]>): Pair[] {
  const pairs: Pair[] = []
  for (const fact of facts) {
    const candidates = new Set(keysOfFact(fact).flatMap((key) => index.get(key) ?? []))
    for (const candidate of candidates) {
      const distanceMs = distanceOf(fact, candidate)
      if (distanceMs !== undefined) pairs.push({fact, candidate, distanceMs})
    }
  }
  return pairs.sort((a, b) => a.distanceMs - b.distanceMs)
}

function indexOf(recorded: readonly RecordedFact[]): Map<string, RecordedFact[]> {
  const index = new Map<string, RecordedFact[]>()
  for (const one of recorded) {
    const {kind, names, text, sessionKey, sessionId} = one
    const keys = names.map((name) => `${kind} name ${name}`)
    if (text) keys.push(`${kind} text ${text}`)
    if (kind === 'compaction') keys.push(...[sessionKey, sessionId].map((session) => `${kind} ${session}`))
    for (const key of keys) {
      const under = index.get(key)
      if (under) under.push(one)
      else index.set(key, [one])
    }
  }
  return index
}

function keysOfFact({kind, name, text, event}: TranscriptFact): string[] {
  const {toolCallId, sessionId, sessionKey} = event
  if (kind === 'compaction') return [`${kind} ${sessionKey}`, `${kind} ${sessionId}`]
  const named = name ?? toolCallId
  return [...(named === undefined ? [] : [`${kind} name ${named}`]), ...(text ? [`${kind} text ${bare(text)}`] : [])]
}

/** How far apart they were told; undefined where they cannot be one. A name of the host's leaves no doubt. */
function distanceOf(fact: TranscriptFact, candidate: RecordedFact): number | undefined {
  const {event, kind, name} = fact
  const apart = Math.abs(fact.atMs - candidate.atMs)
  const distanceMs = Number.isNaN(apart) ? callWindowMs : apart
  const isNamed = name !== undefined && candidate.names.includes(name)
  if (isNamed && kind !== 'call' && kind !== 'end') return isOtherSession(event, candidate) ? undefined : 0
  if (event.runId !== undefined && candidate.runId !== undefined && kind !== 'in') {
    // Models use the ids of calls again, in other runs.
    if (event.runId !== candidate.runId) return undefined
    if (kind === 'call' || kind === 'end') return distanceMs
  }
  if (isOtherSession(event, candidate)) return undefined
  return distanceMs <= (kind === 'call' || kind === 'end' ? callWindowMs : textWindowMs) ? distanceMs : undefined
}

function isOtherSession(event: ClawEvent, {sessionId, sessionKey}: RecordedFact): boolean {
  if (event.sessionId !== undefined && sessionId !== undefined) return event.sessionId !== sessionId
  return event.sessionKey !== undefined && sessionKey !== undefined && event.sessionKey !== sessionKey
}

/** Those of a list in the order of time that are not too far from it. */
function near(sorted: readonly RecordedFact[], atMs: number): RecordedFact[] {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]!.atMs < atMs - textWindowMs) low = middle + 1
    else high = middle
  }
  const found: RecordedFact[] = []
  for (let at = low; at < sorted.length && sorted[at]!.atMs <= atMs + textWindowMs; at++) found.push(sorted[at]!)
  return found
}

/**
 * The recorded pieces of a reply: hosts stream a message in parts, and take marks of their own out of it. They are the
 * reply when together they are more than half of it.
 */
function replyParts(
  fact: TranscriptFact,
  replies: readonly RecordedFact[],
  taken: ReadonlySet<RecordedFact>,
): RecordedFact[] {
  const wanted = bare(fact.text ?? '')
  const parts = replies.filter((reply) => {
    const {text = ''} = reply
    if (taken.has(reply) || text === '' || distanceOf(fact, reply) === undefined) return false
    return wanted.includes(text) || (text.includes(wanted) && wanted.length * 2 > text.length)
  })
  const length = parts.reduce((sum, {text = ''}) => sum + text.length, 0)
  return length * 2 > wanted.length ? parts : []
}
