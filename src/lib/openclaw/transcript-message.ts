import {isObject} from '../event/json.ts'

/** A tool call in a transcript: an assistant's message may hold several. */
export interface TranscriptCall {
  toolCallId: string
  toolName: string
  /** As the model wrote them, before anybody changed them. */
  params: unknown
  runId?: string
}

export interface TranscriptResult {
  toolCallId: string
  toolName: string
  isError: boolean
  text: string
  runId?: string
}

/** The names that versions of the host and its importers give to a call in a message. */
const callTypes = new Set(['toolCall', 'toolUse', 'tool_use', 'functionCall'])

/** The tool calls of one transcript entry; none unless it is an assistant's message. */
export function callsOf(event: Record<string, unknown>): TranscriptCall[] {
  const message = messageOf(event, 'assistant')
  if (message === undefined || !Array.isArray(message['content'])) return []
  return message['content'].filter(isObject).flatMap((part): TranscriptCall[] => {
    const {type, id, name} = part
    if (typeof type !== 'string' || !callTypes.has(type) || typeof id !== 'string') return []
    return [{toolCallId: id, toolName: String(name), params: part['arguments'] ?? part['input'], ...runOf(message)}]
  })
}

/** The tool result that one transcript entry is. */
export function resultOf(event: Record<string, unknown>): TranscriptResult | undefined {
  const message = messageOf(event, 'toolResult')
  if (message === undefined || typeof message['toolCallId'] !== 'string') return undefined
  const {toolCallId, toolName, isError, content} = message
  return {toolCallId, toolName: String(toolName), isError: isError === true, text: textOf(content), ...runOf(message)}
}

/** The text of what a person or the model said, of one transcript entry. */
export function saidIn(event: Record<string, unknown>): {role: 'user' | 'assistant'; text: string} | undefined {
  for (const role of ['user', 'assistant'] as const) {
    const message = messageOf(event, role)
    if (message) return {role, text: textOf(message['content'])}
  }
  return undefined
}

function messageOf({type, message}: Record<string, unknown>, role: string): Record<string, unknown> | undefined {
  return type === 'message' && isObject(message) && message['role'] === role ? message : undefined
}

function runOf({__openclaw: marks}: Record<string, unknown>): {runId?: string} {
  return isObject(marks) && typeof marks['runId'] === 'string' ? {runId: marks['runId']} : {}
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((part) => (isObject(part) && typeof part['text'] === 'string' ? [part['text']] : []))
    .join('\n')
}
