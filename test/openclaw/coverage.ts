import type {StoredEvent} from '../../src/index.ts'
import {callsOf, resultOf, saidIn} from '../../src/lib/openclaw/transcript-message.ts'
import {readTranscripts} from '../../src/lib/openclaw/transcripts.ts'
import type {Host} from './kit/host.ts'
import type {ModelRequest} from './kit/mock-model.ts'
import {textOf} from './kit/script.ts'

/** The tool calls and results that somebody knows of, by id. */
export interface Known {
  calls: Map<string, {toolName: string; params: unknown}>
  /** The text of each result. */
  results: Map<string, string>
}

/** What was said in a session, with an event's type in front: `conversation.message.in` of persons, `…out` of the model. */
export interface Said {
  said: Array<{sessionKey: string | undefined; line: string}>
}

/** What the transcripts hold. A call or result that stands there twice is a fault. */
export async function fromTranscripts({state}: Pick<Host, 'state'>): Promise<Known & Said & {faults: string[]}> {
  const known: Known & Said = {calls: new Map(), results: new Map(), said: []}
  const faults: string[] = []
  const onFault = (fault: unknown) => faults.push(`transcripts: ${JSON.stringify(fault)}`)
  for await (const {event, sessionKey} of readTranscripts({stateDir: state, onFault})) {
    const words = saidIn(event)
    if (words && words.text !== '' && !isOfHost(event))
      known.said.push({sessionKey, line: lineOf(words.role === 'user' ? 'in' : 'out', words.text)})
    for (const {toolCallId, toolName, params} of callsOf(event)) {
      if (known.calls.has(toolCallId)) faults.push(`transcripts: call ${toolCallId} twice`)
      known.calls.set(toolCallId, {toolName, params})
    }
    const result = resultOf(event)
    if (result && known.results.has(result.toolCallId)) faults.push(`transcripts: result ${result.toolCallId} twice`)
    if (result) known.results.set(result.toolCallId, result.text)
  }
  return {...known, faults}
}

/** What the model was sent: each request repeats what came before it. */
export function fromRequests(requests: readonly ModelRequest[]): Known {
  const known: Known = {calls: new Map(), results: new Map()}
  for (const {messages} of requests) {
    for (const {role, tool_calls: calls = [], tool_call_id: id, content} of messages) {
      for (const {id: callId, function: fn} of calls) {
        known.calls.set(plainId(callId), {toolName: fn.name, params: JSON.parse(fn.arguments)})
      }
      if (role === 'tool' && id !== undefined) known.results.set(plainId(id), textOf(content))
    }
  }
  return known
}

const ends = new Set(['tool.completed', 'tool.error', 'tool.guard.blocked'])

/** What the log does not have, or has more than once, of the calls and results that the transcripts and the model know. */
export function uncovered(events: readonly StoredEvent[], transcripts: Known, model: Known): string[] {
  // Calls that tool search makes inside another call are in no transcript.
  const outer = events.filter(({toolCallId}) => toolCallId !== undefined && !toolCallId.startsWith('tool_search_code:'))
  const of = (id: string, isWanted: (type: string) => boolean) =>
    outer.filter(({toolCallId, type}) => toolCallId === id && isWanted(type))
  const faults: string[] = []
  const expectOne = (what: string, found: readonly unknown[]) => {
    if (found.length !== 1) faults.push(`${what}: ${found.length} in the log`)
  }

  for (const [id, {toolName, params}] of transcripts.calls) {
    const called = of(id, (type) => type === 'tool.called')
    expectOne(`call ${id} of ${toolName}`, called)
    if (called[0] && !isSame(called[0].data['params'], params))
      faults.push(`call ${id}: other params than in the transcript`)
    if (called[0] && called[0].data['toolName'] !== toolName) faults.push(`call ${id}: not of ${toolName}`)
  }
  for (const [id, text] of transcripts.results) {
    expectOne(
      `end of ${id}`,
      of(id, (type) => ends.has(type)),
    )
    const persisted = of(id, (type) => type === 'tool.result_persist')
    expectOne(`result of ${id}`, persisted)
    const first = text.split('\n', 1)[0] ?? ''
    if (persisted[0] && !JSON.stringify(persisted[0].data).includes(JSON.stringify(first).slice(1, -1))) {
      faults.push(`result of ${id}: another text than in the transcript`)
    }
  }
  for (const {toolCallId, type} of outer) {
    if (type === 'tool.called' && !transcripts.calls.has(toolCallId ?? ''))
      faults.push(`call ${toolCallId}: in no transcript`)
  }
  return [
    ...faults,
    ...unlike('calls', transcripts.calls, model.calls),
    ...unlike('results', transcripts.results, model.results),
  ]
}

/** What the transcripts hold and the log does not have as often, by session. */
export function unsaid(events: readonly StoredEvent[], {said}: Said): string[] {
  const logged = events.flatMap(({type, sessionKey, data}) => {
    const direction = /^conversation\.message\.(in|out)$/.exec(type)?.[1]
    return direction ? [`${sessionKey} ${lineOf(direction, String(data['text']))}`] : []
  })
  const wanted = said.map(({sessionKey, line}) => `${sessionKey} ${line}`)
  const times = (list: readonly string[], line: string) => list.filter((one) => one === line).length
  return [...new Set(wanted)].flatMap((line) => {
    const [has, should] = [times(logged, line), times(wanted, line)]
    return has === should ? [] : [`${line}: ${has} in the log, ${should} in the transcripts`]
  })
}

/** The host answers commands itself, in the model's place. */
function isOfHost({message}: Record<string, unknown>): boolean {
  const {role, provider} = (message ?? {}) as {role?: string; provider?: string}
  return role === 'assistant' && provider !== 'mock'
}

function lineOf(direction: string, text: string): string {
  return `${direction}: ${text.replaceAll(/\s+/g, ' ').trim().slice(0, 200)}`
}

/** The host changes ids on their way to the model. */
function unlike(what: string, ours: ReadonlyMap<string, unknown>, theirs: ReadonlyMap<string, unknown>): string[] {
  const known = new Set([...ours.keys()].map(plainId))
  const missing = [...theirs.keys()].filter((id) => !known.has(id))
  return missing.map((id) => `${what}: the model was sent ${id}, which is in no transcript`)
}

function plainId(id: string): string {
  return id.replaceAll(/[^a-z0-9]/gi, '')
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
