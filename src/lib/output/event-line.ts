import type {ClawEvent} from '../event/envelope.ts'
import type {Paint} from './paint.ts'
import {clip, printable, widthOf} from './printable.ts'

export interface EventLineOptions {
  paint: Paint
  /** Columns of the terminal; undefined in a pipe: nothing is cut. */
  width?: number
}

/** One event on one line for people: time, type, agent, what happened. Never more than one line, never an escape. */
export function eventLine(event: ClawEvent, {paint, width}: EventLineOptions): string {
  const time = event.timestamp.replace('T', ' ').replace(/Z$/, '')
  const type = pad(printable(event.type), 24)
  const agent = pad(printable(event.agentId), 10)
  const head = `${paint.dim(time)}  ${paint.type(event.type, type)}  ${agent}  `
  const used = time.length + 2 + widthOf(type) + 2 + widthOf(agent) + 2
  const text = printable(summaryOf(event))
  return (head + (width === undefined ? text : clip(text, Math.max(20, width - used)))).trimEnd()
}

/** What happened, in a few words, from the fields that people look for first. */
export function summaryOf({type, data, error}: ClawEvent): string {
  const failure = error?.message ?? textIn(data, 'error')
  const parts = textIn(data, 'toolName') ? toolParts(type, data) : noteParts(data)
  if (failure) parts.push(`error: ${failure}`)
  if (typeof data.durationMs === 'number') parts.push(`(${data.durationMs} ms)`)
  return parts.length > 0 ? parts.join(' ') : compact(data)
}

function toolParts(type: string, data: Record<string, unknown>): string[] {
  const asked = type === 'tool.called' || type.startsWith('tool.guard.')
  const detail = asked ? compact(data.params) : resultText(data.result)
  return [String(data.toolName), ...(detail ? [detail] : [])]
}

function noteParts(data: Record<string, unknown>): string[] {
  const heading = textIn(data, 'heading')
  const path = textIn(data, 'path')
  const text = textIn(data, 'text') ?? textIn(data, 'content') ?? textIn(data, 'reason') ?? textIn(data, 'status')
  if (!path) return text ? [text] : []
  return [heading ? `${path} › ${heading}` : path, ...(text ? [`— ${firstLine(text, heading)}`] : [])]
}

/** A tool's answer: a text, or the texts of its content parts. */
export function resultText(result: unknown): string {
  if (result === null || typeof result !== 'object') return short(result)
  if (!('content' in result) || !Array.isArray(result.content)) return compact(result)
  return short(result.content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join(' '))
}

function textIn(data: Record<string, unknown>, key: string): string | undefined {
  const value = data[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The first line that says something beyond the heading itself; front matter and bare punctuation do not. */
function firstLine(text: string, heading: string | undefined): string {
  const lines = text
    .replace(/^---\r?\n[\s\S]*?\n---\r?\n/, '')
    .split('\n')
    .map((line) => line.replace(/^#+\s*/, '').trim())
  return lines.find((line) => line !== heading && /[\p{L}\p{N}]/u.test(line)) ?? ''
}

/** `command=ls -la workdir=/srv` rather than JSON: params are read far more often than copied. */
export function compact(value: unknown): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return short(value)
  return Object.entries(value)
    .map(([key, inner]) => `${key}=${short(inner)}`)
    .join(' ')
}

function short(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}

function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}
