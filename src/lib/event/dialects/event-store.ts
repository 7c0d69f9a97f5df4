import {isObject} from '../json.ts'
import {type Draft, isVisibility} from './complete.ts'
import {type Fields, own, textIn, without} from './fields.ts'

// What those plugins write where they know no session; a session is never invented here.
const placeholders = new Set<unknown>(['unknown', 'system', ''])

/**
 * The NATS event-store plugins: `{id, ts, agent, session, type: 'msg.in', payload}`, the newer ones with `scope`,
 * `trace`, `canonicalType` and more. Their ids are the same for all tool results of a run, so they are not kept.
 */
export function readEventStoreEvent(input: Fields): Draft {
  const payload = isObject(input['payload']) ? input['payload'] : {}
  const scope = isObject(input['scope']) ? input['scope'] : {}
  const trace = isObject(input['trace']) ? input['trace'] : {}
  const agent = input['agent']
  const session = input['session']
  const known = ['id', 'ts', 'type', 'payload']
  const agentId = agent === 'unknown' ? undefined : agent
  if (textIn(agentId)) known.push('agent')
  const sessionKey = textIn(scope['sessionKey']) ?? (placeholders.has(session) ? undefined : session)
  if (session === sessionKey) known.push('session')
  if (isVisibility(input['visibility'])) known.push('visibility')
  return {
    dialect: 'event-store',
    input,
    type: input['type'] ?? input['canonicalType'],
    timestamp: input['ts'],
    sourceId: input['id'],
    agentId,
    sessionKey,
    sessionId: scope['sessionId'] ?? own(payload, 'sessionId'),
    runId: scope['runId'] ?? own(payload, 'runId'),
    toolCallId: scope['toolCallId'] ?? own(payload, 'toolCallId'),
    // `trace.correlationId` is the run's or session's there, which would tie all calls of a run together.
    correlationId: scope['toolCallId'] ?? own(payload, 'toolCallId') ?? scope['messageId'] ?? trace['correlationId'],
    visibility: input['visibility'],
    payload: input['payload'],
    rest: without(input, known),
  }
}
