import {isObject} from '../json.ts'
import {conversationType} from './agent-event.ts'
import {type Draft, isVisibility} from './complete.ts'
import {type Fields, numberIn, own, textIn, without} from './fields.ts'

/** OpenClaw's event store (S1): `{id, timestamp, agent, session, type, visibility, payload: {stream, data, …}, meta}`. */
export function readOpenClawEvent(input: Fields): Draft {
  const payload = isObject(input['payload']) ? input['payload'] : {data: input['payload']}
  const meta = isObject(input['meta']) ? input['meta'] : {}
  const data = Object.hasOwn(payload, 'data') ? payload['data'] : payload
  const fields = isObject(data) ? data : {}
  const sessionKey = textIn(payload['sessionKey']) ?? textIn(input['session'])
  return {
    dialect: 'openclaw',
    input,
    type: input['type'],
    mapped: conversationType(input['type'], fields),
    timestamp: input['timestamp'] ?? payload['ts'],
    sourceId: input['id'],
    isIdUnique: true,
    agentId: input['agent'],
    sessionKey,
    sessionId: own(fields, 'sessionId'),
    runId: payload['runId'] ?? meta['runId'],
    toolCallId: own(fields, 'toolCallId'),
    visibility: input['visibility'],
    stream: textIn(payload['stream']),
    seq: numberIn(payload['seq'] ?? meta['seq']),
    payload: data,
    metadata: without(
      meta,
      ['runId', 'seq'].filter((name) => meta[name] === payload[name]),
    ),
    rest: restOf(input, payload, sessionKey),
  }
}

function restOf(input: Fields, payload: Fields, sessionKey: string | undefined): Fields {
  const known = ['id', 'timestamp', 'agent', 'type', 'payload']
  if (input['session'] === sessionKey) known.push('session')
  if (isObject(input['meta'])) known.push('meta')
  if (isVisibility(input['visibility'])) known.push('visibility')
  const inPayload = ['runId', 'stream', 'data', 'sessionKey', 'seq']
  if (payload['ts'] === input['timestamp'] || input['timestamp'] === undefined) inPayload.push('ts')
  const left = Object.hasOwn(payload, 'data') ? without(payload, inPayload) : {}
  return {...without(input, known), ...(Object.keys(left).length > 0 ? {payload: left} : {})}
}
