import {catalogue} from '../event/catalogue.ts'
import type {ClawEvent} from '../event/envelope.ts'
import {timeOf} from '../event/timestamp.ts'
import type {PassageKind} from '../store/context-index.ts'
import {withoutHostText} from './clean.ts'
import {withoutMasked} from './masks.ts'
import {callOf, resultText} from './tool-text.ts'

/** What one event has to say that an agent may want to remember. */
export interface Passage {
  kind: PassageKind
  /** Free of the host's additions and of redacted sentences; not yet safe to show. */
  text: string
  /** Who says it, or what it is of: a name, a tool and its target, a path and heading. Not yet safe to show. */
  label: string
  /** Who is speaking; empty where nobody is named. */
  speaker: string
  /** What a tool was called on. */
  target: string
}

export interface PassageOptions {
  /** What stands for redacted values, where the configuration says other than the default. */
  replacement?: string
  /** Also from confidential events. */
  confidential?: boolean
}

/** Longer texts are read to here: selection shows a few hundred characters of them at most. */
const longestText = 20_000
const longestName = 40

/**
 * The passage of an event; undefined when there is nothing to remember in it, or when it is confidential and these were
 * not asked for.
 */
export function passageOf(event: ClawEvent, {replacement, confidential}: PassageOptions = {}): Passage | undefined {
  if (event.visibility === 'confidential' && !confidential) return undefined
  const found = readers[event.type]?.(event) ?? (catalogue.has(event.type) ? undefined : customPassage(event))
  if (!found) return undefined
  const text = withoutMasked(found.text.slice(0, longestText), replacement).trim()
  return /[\p{L}\p{N}]/u.test(text) ? {label: '', speaker: '', target: '', ...found, text} : undefined
}

type Found = Pick<Passage, 'kind' | 'text'> & Partial<Passage>

const readers: Record<string, (event: ClawEvent) => Found | undefined> = {
  'conversation.message.in': (event) => spoken(event, 'message', 'text'),
  'conversation.message.out': (event) => spoken(event, 'reply', 'text'),
  'message.received': (event) => spoken(event, 'message', 'content'),
  'message.transcribed': (event) => spoken(event, 'message', 'transcript'),
  'message.sent': (event) => (event.data['success'] === false ? undefined : spoken(event, 'reply', 'content')),
  'memory.section': (event) => remembered(event, textIn(event, 'text')),
  'memory.daily_note': wholeNote,
  'memory.long_term': wholeNote,
  'memory.entity': wholeNote,
  'tool.completed': (event) => ofTool(event, 'tool'),
  'tool.error': (event) => ofTool(event, 'failure'),
  'conversation.tool_result': (event) => ofTool(event, event.data['error'] || event.error ? 'failure' : 'tool'),
}

function spoken(event: ClawEvent, kind: PassageKind, field: string): Found | undefined {
  const text = withoutHostText(textIn(event, field))
  const named = nameOf(textIn(event, 'senderName')) || nameOf(textIn(event, 'from'))
  const prefixed = named ? undefined : namePrefix.exec(text)
  const speaker = named || (prefixed?.[1] ?? '')
  return {kind, text: prefixed ? text.slice(prefixed[0].length) : text, label: speaker, speaker}
}

/** `Anna: …` and `Anna Smith: …`, as gateways write who speaks in a group. */
const namePrefix = /^(\p{Lu}[\p{L}'’-]{1,20}(?: \p{Lu}[\p{L}'’-]{1,20})?): (?=\S)/u

/** A name as people have them: addresses, numbers and ids name nobody. */
function nameOf(text: string): string {
  const name = text.trim()
  return name.length <= longestName && /^\p{L}[\p{L}\p{M}'’. -]*$/u.test(name) ? name : ''
}

/** The whole file, or what stands before its first section: every section is an event of its own. */
function wholeNote(event: ClawEvent): Found | undefined {
  const path = textIn(event, 'path')
  const text = textIn(event, 'text').replace(/^---\n[\s\S]*?\n---\n/, '')
  return path.endsWith('.json') ? undefined : remembered(event, text.split(/^## /m, 1)[0]!)
}

function remembered(event: ClawEvent, text: string): Found {
  const heading = textIn(event, 'heading')
  const path = textIn(event, 'path')
  // The heading's line is in the text of a section, too.
  const body = text.replace(/^#{1,6} [^\n]*\n?/, '')
  return {kind: 'memory', text: body, label: heading && !isId(heading) ? `${path} › ${heading}` : path}
}

function isId(heading: string): boolean {
  return /^[\w-]*\d[\w-]*$/.test(heading)
}

function ofTool(event: ClawEvent, kind: 'tool' | 'failure'): Found {
  const call = callOf(event.data)
  const failure = kind === 'failure' ? (event.error?.message ?? textIn(event, 'error')) : ''
  return {kind, text: failure || resultText(event), label: call.label, target: call.target}
}

/** An extension's own event, when it says something in words. */
function customPassage(event: ClawEvent): Found | undefined {
  const text = ['text', 'content', 'message', 'summary'].map((field) => textIn(event, field)).find((found) => found)
  return text ? {kind: 'note', text: withoutHostText(text), label: event.type} : undefined
}

function textIn({data}: ClawEvent, field: string): string {
  const value = Object.hasOwn(data, field) ? data[field] : undefined
  return typeof value === 'string' ? value : ''
}

/** Epoch milliseconds of an event; 0 where its time cannot be read, so that it sorts before all others. */
export function timeMsOf(event: ClawEvent): number {
  const time = timeOf(event)
  return Number.isNaN(time) ? 0 : time
}
