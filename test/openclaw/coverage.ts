import type {StoredEvent} from '../../src/index.ts'
import {callsOf, resultOf} from '../../src/lib/openclaw/transcript-message.ts'
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

/** What the transcripts hold. A call or result that stands there twice is a fault. */
export async function fromTranscripts({state}: Pick<Host, 'state'>): Promise<Known & {faults: string[]}> {
  const known: Known = {calls: new Map(), results: new Map()}
  const faults: string[] = []
  const onFault = (fault: unknown) => faults.push(`transcripts: ${JSON.stringify(fault)}`)
  for await (const {event} of readTranscripts({stateDir: state, onFault})) {
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
