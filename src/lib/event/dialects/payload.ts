import type {EventError} from '../envelope.ts'
import {isObject} from '../json.ts'
import {type Fields, numberIn, own, renamed, textIn} from './fields.ts'

const toolNames = {toolName: ['name', 'tool', 'tool_name'], params: ['args', 'arguments', 'input']} as const
const toolResultNames = {...toolNames, result: ['output'], durationMs: ['duration_ms', 'duration']} as const

/** A foreign payload with our names for what our types promise; everything else stays as it is. */
export function dataOf(type: string, payload: unknown): Fields {
  const data = isObject(payload) ? payload : payload === undefined || payload === null ? {} : wrapped(type, payload)
  if (type === 'tool.called') return renamed(data, toolNames)
  if (type === 'tool.completed' || type === 'tool.error') return withDuration(renamed(data, toolResultNames))
  return type.startsWith('conversation.message.') ? withText(data) : data
}

function wrapped(type: string, payload: unknown): Fields {
  return type.startsWith('conversation.') && typeof payload === 'string' ? {text: payload} : {value: payload}
}

/** The host measures a call inside the result's details. */
function withDuration(data: Fields): Fields {
  if (Object.hasOwn(data, 'durationMs')) return data
  const durationMs = numberIn(fieldAt(data, 'result', 'details', 'durationMs'))
  return durationMs === undefined ? data : {...data, durationMs}
}

function withText(data: Fields): Fields {
  if (typeof own(data, 'text') === 'string') return data
  const name = ['content', 'body', 'message'].find((one) => textIn(own(data, one)) !== undefined)
  if (name !== undefined) return renamed(data, {text: [name]})
  const text = textOfBlocks(own(data, 'content'))
  return text === undefined ? data : {...data, text}
}

/** The text of a message in content blocks, `[{type: 'text', text: '…'}]`. */
function textOfBlocks(content: unknown): string | undefined {
  if (!Array.isArray(content)) return undefined
  const texts = content.flatMap((block) => (isObject(block) ? (textIn(own(block, 'text')) ?? []) : []))
  return texts.length > 0 ? texts.join('\n') : undefined
}

/** Whether a payload says of itself that what it reports went wrong. */
export function isFailure(payload: unknown): boolean {
  if (!isObject(payload)) return false
  const error = own(payload, 'error')
  return own(payload, 'isError') === true || (error !== undefined && error !== null && error !== '' && error !== false)
}

/** The error of a payload that reports one: its own words, else the first text of its result. */
export function errorOf(type: string, data: Fields): EventError | undefined {
  const isErrorType = type === 'tool.error' || type === 'lifecycle.error' || type === 'agent.error'
  if (!isErrorType) return undefined
  const error = own(data, 'error')
  const details = isObject(error) ? error : {}
  const message =
    textIn(error) ??
    textIn(own(details, 'message')) ??
    textIn(own(data, 'message')) ??
    textIn(fieldAt(data, 'result', 'details', 'error')) ??
    textIn(fieldAt(data, 'result', 'error')) ??
    textOfBlocks(fieldAt(data, 'result', 'content')) ??
    textIn(own(data, 'result')) ??
    'no message was recorded'
  const code = textIn(own(details, 'code'))
  return {message, ...(code ? {code} : {}), kind: type.split('.', 1)[0]!}
}

function fieldAt(fields: Fields, ...path: string[]): unknown {
  let value: unknown = fields
  for (const name of path) value = isObject(value) ? own(value, name) : undefined
  return value
}
