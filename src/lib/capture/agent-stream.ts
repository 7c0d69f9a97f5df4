import {catalogue} from '../event/catalogue.ts'
import {typeOfStream} from '../event/dialects/agent-event.ts'
import {errorOf} from '../event/dialects/payload.ts'
import {isObject} from '../event/json.ts'
import type {Calls} from './calls.ts'
import {type Draft, withCuts} from './draft.ts'
import {idAt, present, valueAt} from './fields.ts'
import type {HeldTools} from './held-tools.ts'
import {streamTable} from './hooks.ts'
import {hostTime} from './host-call.ts'
import type {Directory, Ids, KnownRun} from './memory.ts'
import type {Replies} from './replies.ts'
import {snapshotLimits, snapshotOf} from './snapshot.ts'

export interface AgentStream {
  directory: Directory
  calls: Calls
  replies: Replies
  held: HeldTools
}

/** One event of the host's stream, taken apart. */
interface Heard {
  stream: string
  phase: string | undefined
  data: Record<string, unknown>
  ids: Ids
  run: KnownRun | undefined
  seq: number | undefined
  /** Epoch milliseconds. */
  at: number
}

/** What came of an agent event: events, and whose activity it shows. */
export interface HeardEvents {
  drafts: Draft[]
  ids: Ids
  at: number
  outcome: 'recorded' | 'folded' | 'copy'
}

/** Streams that tell nothing of their own. */
const silentStreams: ReadonlySet<string> = new Set(
  streamTable.filter(({types}) => types.length === 0).map(({stream}) => stream),
)

/** Its name becomes part of a type. */
const longestStream = 200

/** The events of one payload of the host's agent-event stream (S2); undefined for anything that is none. */
export function hear(scene: AgentStream, payload: unknown, now: number): HeardEvents | undefined {
  const heard = take(scene.directory, payload, now)
  if (heard === undefined) return undefined
  const {ids, at, run, seq} = heard
  if (run !== undefined && isCopy(run, seq, at)) return {drafts: [], ids, at, outcome: 'copy'}
  const drafts = draftsOf(scene, heard)
  return {drafts, ids, at, outcome: drafts.length > 0 ? 'recorded' : 'folded'}
}

function take(directory: Directory, payload: unknown, now: number): Heard | undefined {
  const stream = idAt(payload, 'stream')
  const data = valueAt(payload, 'data')
  if (stream === undefined || stream.length > longestStream || !isObject(data)) return undefined
  const names = ['agentId', 'sessionId', 'sessionKey', 'runId'] as const
  const told: Ids = Object.fromEntries(names.map((name) => [name, idAt(payload, name)]))
  const ids = directory.learn({...told, toolCallId: idAt(data, 'toolCallId')})
  const seq = valueAt(payload, 'seq')
  return {
    stream,
    phase: idAt(data, 'phase'),
    data,
    ids,
    run: ids.runId === undefined ? undefined : directory.run(ids.runId),
    seq: typeof seq === 'number' && Number.isFinite(seq) ? seq : undefined,
    at: hostTime(valueAt(payload, 'ts'), now),
  }
}

/** Each registration that listens gets its own copy; a run that begins again counts from 1 again, at a later time. */
function isCopy(run: KnownRun, seq: number | undefined, at: number): boolean {
  if (seq === undefined) return false
  const isNew = seq > run.lastSeq || (run.isEnded && at > run.lastTs)
  if (isNew) {
    run.lastSeq = seq
    run.lastTs = at
  }
  return !isNew
}

function draftsOf(scene: AgentStream, heard: Heard): Draft[] {
  switch (heard.stream) {
    case 'lifecycle':
      return lifecycle(scene, heard)
    case 'assistant':
    case 'thinking':
      return reply(scene, heard)
    case 'tool':
      return tool(scene, heard)
    case 'approval':
      return approval(scene, heard)
    case 'usage':
      if (heard.run !== undefined) countTokens(heard.run, heard.data)
      return []
    default:
      return silentStreams.has(heard.stream) ? [] : [eventOf(heard, typeOfOther(heard))]
  }
}

/** A stream of somebody else may have any name, but it does not make events that pass for ours. */
function typeOfOther({stream}: Heard): string {
  const type = typeOfStream(stream, {})
  return type === stream && catalogue.has(type) ? `agent.${type}` : type
}

function lifecycle(scene: AgentStream, heard: Heard): Draft[] {
  const {phase, run, ids, data} = heard
  if (phase === 'model' && run !== undefined) {
    run.model = idAt(data, 'model') ?? run.model
    run.provider = idAt(data, 'provider') ?? run.provider
  }
  if (phase === 'start') return started(scene, heard)
  if (phase === 'fallback_step') return [eventOf(heard, 'model.fallback')]
  if (phase === 'finishing') return finish(scene, ids)
  if (phase !== 'end' && phase !== 'error') return []
  const left = finish(scene, ids)
  // An aborted run ends twice: `end` as cancelled, then `error`. The first says it all.
  if (run?.isEnded) return left
  if (run !== undefined) run.isEnded = true
  return [...left, eventOf(heard, `lifecycle.${phase}`)]
}

function started({directory}: AgentStream, heard: Heard): Draft[] {
  const {run, ids} = heard
  if (run?.isStarted && !run.isEnded) return []
  if (run !== undefined) {
    run.isStarted = true
    run.isEnded = false
    run.hasSpoken = false
    run.usage = undefined
    run.outputTokens = undefined
  }
  if (ids.sessionKey !== undefined) {
    const session = directory.session(ids.sessionKey)
    session.written = []
    session.hasStreamed = false
  }
  return [eventOf(heard, 'lifecycle.start')]
}

function finish({replies, held}: AgentStream, {runId}: Ids): Draft[] {
  return runId === undefined ? [] : [...replies.finish(runId), ...held.finish(runId)]
}

function reply({replies}: AgentStream, heard: Heard): Draft[] {
  const {stream, data, ids, seq, at, phase} = heard
  const text = textOf(data)
  if (text === undefined) return []
  const taken = snapshotOf(data).data
  const isThought = stream === 'thinking' || typeOfStream(stream, taken) === 'agent.reasoning'
  return replies.streamed({
    type: isThought ? 'agent.reasoning' : 'conversation.message.out',
    ids,
    at,
    eventName: phase === undefined ? stream : `${stream}:${phase}`,
    stream,
    seq,
    itemId: idAt(data, 'itemId') ?? '',
    text,
    data: taken,
  })
}

function textOf(data: Record<string, unknown>): string | undefined {
  const text = valueAt(data, 'text') ?? valueAt(data, 'delta')
  return typeof text === 'string' && text !== '' ? text.slice(0, snapshotLimits.chars) : undefined
}

function tool({replies, held}: AgentStream, {phase, ids, data, at, seq}: Heard): Draft[] {
  if (ids.toolCallId === undefined) return []
  if (phase === 'start') {
    const left = ids.runId === undefined ? [] : replies.finish(ids.runId)
    return [...left, ...held.started(ids, {data, at, seq})]
  }
  return phase === 'result' ? held.ended(ids, {data, at, seq}) : []
}

/** The guard's own approvals are recorded by their verdict. */
function approval({calls}: AgentStream, heard: Heard): Draft[] {
  const {phase, ids} = heard
  if (calls.byId(ids)?.isAsked) return []
  const isKnown = phase === 'requested' || phase === 'resolved'
  return [eventOf(heard, isKnown ? `approval.${phase}` : 'agent.approval')]
}

/** A running count, for runs whose messages do not say what they used. */
function countTokens(run: KnownRun, data: Record<string, unknown>): void {
  const output = valueAt(data, 'outputTokens')
  if (typeof output === 'number') run.outputTokens = output
}

function eventOf({stream, phase, data, ids, run, seq, at}: Heard, type: string): Draft {
  const taken = snapshotOf(data)
  const isEnd = type === 'lifecycle.end' || type === 'lifecycle.error'
  const counted = run?.outputTokens === undefined ? undefined : {output: run.outputTokens}
  const usage = isEnd ? (run?.usage ?? counted) : undefined
  const known = {model: run?.model, provider: run?.provider, channel: run?.channel, usage}
  return {
    ...ids,
    type,
    eventName: phase === undefined ? stream : `${stream}:${phase}`,
    source: 'agent-event',
    at,
    stream,
    seq,
    error: errorOf(type, taken.data),
    data: taken.data,
    metadata: withCuts(present(known), taken),
  }
}
