import {compilePath, type Fields} from '../match/paths.ts'
import type {Hide} from './hide.ts'
import {stableText} from './params-shape.ts'

/** A rendered text longer than this is cut: it goes back to the model and into the log. */
export const reasonLimit = 2000

/** Renders a compiled text for one event; `extra` holds tokens that only some texts have. */
export type Template = (event: Fields, extra?: Fields) => string

/** The tokens that every template knows, besides `path:…`. */
export const templateTokens = ['toolName', 'eventType', 'agentId', 'sessionId', 'sessionKey', 'runId', 'toolCallId']

/**
 * Compiles a text with `{{toolName}}`, `{{path:data.params.url}}` and the like. What is missing or unknown renders
 * as nothing; rendered values are not templates themselves. `hide` takes the secrets out of what is quoted.
 */
export function compileTemplate(text: string, hide: Hide): Template {
  if (!text.includes('{{')) {
    const fixed = shorten(textOf(hide(text)))
    return () => fixed
  }
  const parts = text
    .split(/\{\{\s*([^}]+)\s*\}\}/g)
    .map((part, index) => (index % 2 === 0 ? () => part : tokenReader(part.trim(), hide)))
  return (event, extra) => shorten(parts.map((part) => part(event, extra)).join(''))
}

/** The tokens of a text that render as nothing because nobody knows them. */
export function unknownTokens(text: string, extra: readonly string[] = []): string[] {
  const known = [...templateTokens, ...extra]
  return Array.from(text.matchAll(/\{\{\s*([^}]+)\s*\}\}/g), ([, token]) => token!.trim()).filter(
    (token) => !token.startsWith('path:') && !known.includes(token),
  )
}

function tokenReader(token: string, hide: Hide): (event: Fields, extra?: Fields) => string {
  if (token.startsWith('path:')) {
    const path = token.slice('path:'.length)
    const read = compilePath(path)
    return (event) => textOf(hide(read(event), path))
  }
  if (!templateTokens.includes(token)) return (_event, extra) => textOf(extra?.[token])
  const read = compilePath(token === 'eventType' ? 'type' : token === 'toolName' ? 'data.toolName' : token)
  return (event) => textOf(read(event))
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : (stableText(value) ?? '')
}

function shorten(text: string): string {
  if (text.length <= reasonLimit) return text
  const kept = text.slice(0, reasonLimit)
  return `${kept.toWellFormed()}… (${text.length - reasonLimit} more characters)`
}
