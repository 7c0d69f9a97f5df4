import type {Draft} from './complete.ts'
import {type Fields, textIn, without} from './fields.ts'

const typePrefix = 'openclaw.'
const agentSource = /^\/claw-events\/agents\/([^/]+)$/
const known = ['specversion', 'id', 'type', 'source', 'time', 'datacontenttype', 'data']
const links = ['agentid', 'sessionid', 'sessionkey', 'runid', 'toolcallid', 'correlationid', 'visibility', 'eventname']

/** CloudEvents 1.0 in JSON, as our own `--format cloudevents` writes it; others are taken in under their type. */
export function readCloudEvent(input: Fields): Draft {
  const type = textIn(input['type'])
  const agent = agentSource.exec(textIn(input['source']) ?? '')?.[1]
  const isOurs = agent !== undefined
  return {
    dialect: 'cloudevents',
    input,
    type,
    mapped: isOurs && type?.startsWith(typePrefix) ? type.slice(typePrefix.length) : undefined,
    eventName: textIn(input['eventname']),
    timestamp: input['time'],
    sourceId: input['id'],
    // CloudEvents ids are unique only together with their source.
    isIdUnique: isOurs,
    agentId: input['agentid'] ?? agent,
    sessionId: input['sessionid'],
    sessionKey: input['sessionkey'],
    runId: input['runid'],
    toolCallId: input['toolcallid'],
    correlationId: input['correlationid'],
    visibility: input['visibility'],
    payload: input['data'],
    rest: without(input, isOurs ? [...known, ...links] : known.filter((name) => name !== 'source')),
  }
}
