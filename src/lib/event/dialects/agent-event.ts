import {isObject} from '../json.ts'
import type {Draft} from './complete.ts'
import {type Fields, numberIn, own, textIn, without} from './fields.ts'
import {isFailure} from './payload.ts'

/** The host's agent events (S2): `{runId, seq, stream, ts, data, sessionKey}`; today's hosts add agent and session id. */
export function readAgentEvent(input: Fields): Draft {
  const stream = textIn(input['stream']) ?? ''
  const data = isObject(input['data']) ? input['data'] : {}
  const phase = textIn(own(data, 'phase'))
  const known = ['runId', 'seq', 'stream', 'ts', 'data', 'sessionKey', 'sessionId', 'agentId']
  return {
    dialect: 'agent-event',
    input,
    type: stream,
    mapped: stream === '' ? undefined : typeOfStream(stream, data),
    eventName: phase === undefined ? stream : `${stream}:${phase}`,
    timestamp: input['ts'],
    agentId: input['agentId'],
    sessionKey: input['sessionKey'],
    sessionId: input['sessionId'],
    runId: input['runId'],
    toolCallId: own(data, 'toolCallId'),
    stream,
    seq: numberIn(input['seq']),
    payload: input['data'],
    rest: without(input, known),
  }
}

/** Our type for what an agent-event stream reports; `agent.<stream>` where there is no better name. */
export function typeOfStream(stream: string, data: Fields): string {
  const phase = own(data, 'phase')
  if (stream === 'lifecycle' && (phase === 'start' || phase === 'end' || phase === 'error')) return `lifecycle.${phase}`
  if (stream === 'tool' && phase === 'start') return 'tool.called'
  if (stream === 'tool' && phase === 'result') return isFailure(data) ? 'tool.error' : 'tool.completed'
  if (stream === 'assistant') return isReasoning(data) ? 'agent.reasoning' : 'conversation.message.out'
  // Our own view of events that no stream reports has their type there.
  if (/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(stream)) return stream
  return `agent.${stream.toLowerCase().replace(/[^a-z0-9_.-]+/g, '_')}`
}

/** What a model thought is not what it said. */
function isReasoning(data: Fields): boolean {
  return ['phase', 'type', 'kind'].some((name) => own(data, name) === 'reasoning')
}

/** S1 stores agent events under few names: its type says the stream, the payload says what happened. */
export function conversationType(type: unknown, data: Fields): string | undefined {
  if (type === 'conversation.message.out' && isReasoning(data)) return 'agent.reasoning'
  const isTool = type === 'conversation.tool_call' || type === 'conversation.tool_result'
  return isTool && own(data, 'phase') === 'update' ? 'agent.tool' : undefined
}
