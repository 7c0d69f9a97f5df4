import {typeOfStream} from './dialects/agent-event.ts'
import {type Fields, textIn, without} from './dialects/fields.ts'
import type {ClawEvent} from './envelope.ts'
import {isTimestamp, timeOf, toTimestamp} from './timestamp.ts'

/** The shapes in which events are printed, exported and sent. */
export const viewFormats = ['claw', 'openclaw', 'agent-event', 'cloudevents'] as const
export type ViewFormat = (typeof viewFormats)[number]

/**
 * The event in another tool's shape: `claw` is the event itself, `openclaw` the event store's (S1), `agent-event` the
 * host's agent events (S2), `cloudevents` CloudEvents 1.0 in JSON. A view leaves out what its shape has no place for.
 */
export function toView(event: ClawEvent, format: ViewFormat): object {
  if (format === 'openclaw') return openClawEvent(event)
  if (format === 'agent-event') return agentEvent(event)
  return format === 'cloudevents' ? cloudEvent(event) : event
}

function openClawEvent(event: ClawEvent): object {
  const {runId = '', seq = 0, metadata = {}} = event
  const session = event.sessionKey ?? event.sessionId ?? ''
  const ts = epochMs(event)
  return {
    id: event.eventId,
    timestamp: ts,
    agent: event.agentId,
    session,
    type: openClawType(event.type),
    visibility: event.visibility,
    payload: {runId, stream: streamOf(event), data: withCall(event), sessionKey: session, seq, ts},
    meta: {runId, seq, ...texts({model: metadata['model'], channel: metadata['channel']})},
  }
}

function openClawType(type: string): string {
  if (type === 'tool.called') return 'conversation.tool_call'
  return type === 'tool.completed' || type === 'tool.error' ? 'conversation.tool_result' : type
}

function agentEvent(event: ClawEvent): object {
  const data = agentEventData(event)
  return {
    runId: event.runId ?? '',
    seq: event.seq ?? 0,
    stream: agentStreamOf(event, data),
    ts: epochMs(event),
    data,
    ...texts({sessionKey: event.sessionKey, sessionId: event.sessionId, agentId: event.agentId}),
  }
}

/** The stream is all that an agent event says of its type, so one that would be read as another type gives way. */
function agentStreamOf(event: ClawEvent, data: Fields): string {
  const {stream, type} = event
  return stream !== undefined && typeOfStream(stream, data) === type ? stream : streamOf({...event, stream: undefined})
}

/** The stream that a reader of agent events expects; a type that no stream reports is its own. */
function streamOf({type, stream}: ClawEvent): string {
  if (stream !== undefined) return stream
  if (type === 'tool.called' || type === 'tool.completed' || type === 'tool.error') return 'tool'
  if (/^lifecycle\.(start|end|error)$/.test(type)) return 'lifecycle'
  return type === 'conversation.message.out' ? 'assistant' : type
}

function agentEventData(event: ClawEvent): Fields {
  const data = withCall(event)
  const {type} = event
  if (/^lifecycle\.(start|end|error)$/.test(type)) return {phase: type.slice('lifecycle.'.length), ...data}
  if (type !== 'tool.called' && type !== 'tool.completed' && type !== 'tool.error') return data
  const {toolName: name, params: args} = data
  const call = {name, ...(args === undefined ? {} : {args}), ...without(data, ['toolName', 'params'])}
  if (type === 'tool.called') return {phase: 'start', ...call}
  return {phase: 'result', isError: type === 'tool.error', ...call}
}

/** Those shapes have the call's id in the payload. */
function withCall({toolCallId, data}: ClawEvent): Fields {
  return toolCallId === undefined || Object.hasOwn(data, 'toolCallId') ? data : {...data, toolCallId}
}

/** Attribute names are lower-case letters and digits (CloudEvents 1.0, "Naming conventions"). */
function cloudEvent(event: ClawEvent): object {
  return {
    specversion: '1.0',
    id: event.eventId,
    // A lone surrogate has no UTF-8 and so no URI; `agentid` has the id as it is.
    source: `/claw-events/agents/${encodeURIComponent(event.agentId.toWellFormed())}`,
    type: `openclaw.${event.type}`,
    ...texts({time: timeText(event.timestamp)}),
    datacontenttype: 'application/json',
    ...texts({
      agentid: event.agentId,
      sessionid: event.sessionId,
      sessionkey: event.sessionKey,
      runid: event.runId,
      toolcallid: event.toolCallId,
      correlationid: event.correlationId,
      visibility: event.visibility,
      eventname: event.eventName,
    }),
    data: event.data,
  }
}

/** RFC 3339, as CloudEvents wants it; none where the event's own time cannot be read. */
function timeText(timestamp: string): string | undefined {
  return isTimestamp(timestamp) ? timestamp : toTimestamp(timestamp)
}

function epochMs(event: ClawEvent): number {
  const time = timeOf(event)
  return Number.isNaN(time) ? 0 : time
}

function texts(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => textIn(value) !== undefined))
}
