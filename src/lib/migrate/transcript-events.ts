import {categoryOf} from '../event/catalogue.ts'
import {type ClawEvent, schemaVersion} from '../event/envelope.ts'
import {contentId} from '../event/id.ts'
import {isObject, jsonText} from '../event/json.ts'
import {toTimestamp} from '../event/timestamp.ts'
import {callsOf, saidIn} from '../openclaw/transcript-message.ts'
import type {TranscriptRow} from '../openclaw/transcript-row.ts'

/** How such an event is marked in `metadata.entry.how`: readers tell by it that the host wrote it, not a person. */
export const transcriptEntry = 'transcript'

/** An event of a transcript, and by what it is known again where it was recorded as it happened. */
export interface TranscriptFact {
  event: ClawEvent
  kind: FactKind
  /** Epoch milliseconds. */
  atMs: number
  /** A name that the host gave to the message or the call, the same wherever it is told. */
  name?: string
  /** What was said, by which a message without a name is known. */
  text?: string
}

export type FactKind = 'session' | 'in' | 'out' | 'call' | 'end' | 'failure' | 'compaction'

/** The params of a call, for its result: transcripts tell them only once. */
export interface CallMemory {
  put(toolCallId: string, params: unknown): void
  take(toolCallId: string): unknown
}

const callLimit = 1000

/** Remembers the calls of one session that wait for their result; of very many the newest. */
export function createCallMemory(): CallMemory {
  const calls = new Map<string, unknown>()
  return {
    put(toolCallId, params) {
      calls.delete(toolCallId)
      calls.set(toolCallId, params)
      if (calls.size > callLimit) calls.delete(calls.keys().next().value!)
    },
    take(toolCallId) {
      const params = calls.get(toolCallId)
      calls.delete(toolCallId)
      return params
    },
  }
}

/** The events of one transcript entry: none for what is the host's own bookkeeping. The same entry, the same ids. */
export function factsOf(row: TranscriptRow, calls: CallMemory): TranscriptFact[] {
  const {event} = row
  if (event['type'] === 'session') return [sessionFact(row)]
  if (event['type'] === 'compaction') return [compactionFact(row)]
  const message = event['message']
  if (event['type'] !== 'message' || !isObject(message)) return []
  if (message['role'] === 'user') return userFacts(row, message)
  if (message['role'] === 'assistant') return assistantFacts(row, message, calls)
  return message['role'] === 'toolResult' ? resultFacts(row, message, calls) : []
}

function sessionFact(row: TranscriptRow): TranscriptFact {
  const {type: _type, id: _id, timestamp: _timestamp, ...rest} = row.event
  const {sessionId, sessionKey} = row
  const data = {sessionId, ...(sessionKey !== undefined && {sessionKey}), ...rest}
  return fact(row, {kind: 'session', type: 'session.start', part: 'session', data, name: sessionId})
}

function compactionFact(row: TranscriptRow): TranscriptFact {
  const {type: _type, id: _id, parentId: _parent, timestamp: _timestamp, ...data} = row.event
  return fact(row, {kind: 'compaction', type: 'session.after_compaction', part: 'compaction', data})
}

function userFacts(row: TranscriptRow, message: Record<string, unknown>): TranscriptFact[] {
  const text = saidIn(row.event)?.text ?? ''
  const attachments = attachmentsIn(message['content'])
  if (text === '' && attachments.length === 0) return []
  const key = textAt(message, 'idempotencyKey')
  const runId = key?.endsWith(':user') ? key.slice(0, -':user'.length) : marksOf(message).runId
  const data = {
    role: 'user',
    text,
    ...(key !== undefined && {idempotencyKey: key}),
    ...(attachments.length > 0 && {attachments}),
  }
  const {senderIsOwner} = marksOf(message)
  const metadata = typeof senderIsOwner === 'boolean' ? {senderIsOwner} : {}
  return [fact(row, {kind: 'in', type: 'conversation.message.in', part: 'in', data, metadata, runId, name: key, text})]
}

function assistantFacts(row: TranscriptRow, message: Record<string, unknown>, calls: CallMemory): TranscriptFact[] {
  const {runId} = marksOf(message)
  const text = saidIn(row.event)?.text ?? ''
  const facts: TranscriptFact[] = []
  if (text.trim() !== '') {
    const name = textAt(message, 'responseId')
    const data = {role: 'assistant', text}
    const metadata = modelFacts(message)
    facts.push(
      fact(row, {kind: 'out', type: 'conversation.message.out', part: 'out', data, metadata, runId, name, text}),
    )
  }
  for (const [index, {toolCallId, toolName, params}] of callsOf(row.event).entries()) {
    calls.put(toolCallId, params)
    const data = {toolName, params: params ?? {}}
    const parts = {type: 'tool.called', part: `call ${index}`, metadata: modelFacts(message)}
    facts.push(fact(row, {kind: 'call', ...parts, data, runId, toolCallId}))
  }
  if (message['stopReason'] === 'error') facts.push(failureFact(row, message))
  return facts
}

function failureFact(row: TranscriptRow, message: Record<string, unknown>): TranscriptFact {
  const {runId} = marksOf(message)
  const text = textAt(message, 'errorMessage') ?? 'the call to the model failed'
  const code = textAt(message, 'errorCode')
  const error = {message: text, ...(code !== undefined && {code}), kind: 'lifecycle'}
  const data = {phase: 'error', error: text}
  const metadata = modelFacts(message)
  return fact(row, {kind: 'failure', type: 'lifecycle.error', part: 'error', data, metadata, runId, name: runId, error})
}

function resultFacts(row: TranscriptRow, message: Record<string, unknown>, calls: CallMemory): TranscriptFact[] {
  const toolCallId = textAt(message, 'toolCallId')
  if (toolCallId === undefined) return []
  const {runId} = marksOf(message)
  const details = isObject(message['details']) ? message['details'] : {}
  const params = calls.take(toolCallId)
  const call = {toolName: textAt(message, 'toolName') ?? 'unknown', ...(params !== undefined && {params})}
  const common = {kind: 'end', part: 'result', runId, toolCallId} as const
  const {content, details: _details} = message
  const result = {content, ...(isObject(message['details']) && {details})}
  const {durationMs} = details
  const data = {...call, result, ...(typeof durationMs === 'number' && {durationMs})}
  if (message['isError'] !== true) return [fact(row, {...common, type: 'tool.completed', data})]
  // Who blocked it a transcript does not tell: it may have been another plugin than ours.
  const kind = details['status'] === 'blocked' ? 'blocked' : 'tool'
  const error = {message: textOf(content) || 'the call failed', kind}
  return [fact(row, {...common, type: 'tool.error', data: {...data, error: error.message}, error})]
}

interface FactParts extends Pick<TranscriptFact, 'kind' | 'name' | 'text'> {
  type: string
  /** Which event of its entry. */
  part: string
  data: Record<string, unknown>
  metadata?: Record<string, unknown>
  runId?: string
  toolCallId?: string
  error?: ClawEvent['error']
}

function fact(row: TranscriptRow, parts: FactParts): TranscriptFact {
  const {agentId, sessionId, sessionKey, source, at} = row
  const {kind, name, text, type, part, data, metadata, runId, toolCallId, error} = parts
  const {id, timestamp: given, type: entryType} = row.event
  const timestamp = toTimestamp(given) ?? toTimestamp(at) ?? new Date(0).toISOString()
  const atMs = Date.parse(timestamp)
  const entryId = typeof id === 'string' ? id : jsonText(row.event)
  const eventId = contentId(atMs, transcriptEntry, sessionId, entryId, part)
  const event: ClawEvent = {
    eventId,
    schemaVersion,
    timestamp,
    type,
    eventCategory: categoryOf(type),
    eventName: `transcript:${String(entryType)}`,
    source: 'migration',
    agentId,
    sessionId,
    ...(sessionKey !== undefined && {sessionKey}),
    ...(runId !== undefined && {runId}),
    ...(toolCallId !== undefined && {toolCallId}),
    correlationId: toolCallId ?? runId ?? eventId,
    visibility: 'internal',
    ...(error !== undefined && {error}),
    data,
    metadata: {
      ...metadata,
      ...(typeof id === 'string' && {sourceId: id}),
      entry: {how: transcriptEntry, from: source},
    },
  }
  return {event, kind, atMs, ...(name !== undefined && {name}), ...(text !== undefined && {text})}
}

/** What is known of the call to the model that a message came from. */
function modelFacts(message: Record<string, unknown>): Record<string, unknown> {
  const names = ['api', 'provider', 'model', 'responseId', 'stopReason', 'errorMessage']
  const told = names.map((name) => [name, textAt(message, name)] as const)
  const {usage, timestamp} = message
  return {
    ...Object.fromEntries(told.filter(([, value]) => value !== undefined)),
    ...(isObject(usage) && {usage}),
    // The host stamps a message when the model is asked, and its entry when the answer is there.
    ...(typeof timestamp === 'number' && {modelStartedAt: timestamp}),
  }
}

/** Pictures and the like: what they were, not their bytes, which may be many. */
function attachmentsIn(content: unknown): Array<Record<string, unknown>> {
  if (!Array.isArray(content)) return []
  return content.filter(isObject).flatMap((part) => {
    const {type, mimeType, data} = part
    if (typeof type !== 'string' || type === 'text') return []
    return [
      {type, ...(mimeType !== undefined && {mimeType}), ...(typeof data === 'string' && {base64Length: data.length})},
    ]
  })
}

function marksOf(message: Record<string, unknown>): {runId?: string; senderIsOwner?: unknown} {
  const marks = message['__openclaw']
  if (!isObject(marks)) return {}
  const runId = textAt(marks, 'runId')
  return {...(runId !== undefined && {runId}), senderIsOwner: marks['senderIsOwner']}
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((part) => (isObject(part) && typeof part['text'] === 'string' ? [part['text']] : []))
    .join('\n')
}

function textAt(fields: Record<string, unknown>, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
