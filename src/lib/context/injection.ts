import {hash} from 'node:crypto'
import {ClawError} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'
import type {ContextView} from '../store/context-index.ts'
import {type Layout, type LayoutItem, lineOfEvent, renderLayout, sections} from './layout.ts'
import type {PassageOptions} from './passage.ts'
import type {SelectedContext} from './select.ts'

/** What `context.injected` records: enough to write the same bytes again from the log, and to prove it. */
export interface InjectionRecord {
  /** RFC 3339. */
  at: string
  eventIds: string[]
  tokens: number
  budget: number
  /** By which vocabulary the tokens were counted. */
  counter: string
  /** Of the text, in hex. */
  sha256: string
  layout: Layout
}

/** The payload of a `context.injected` event. */
export function injectionRecord(
  {text, tokens, layout}: SelectedContext,
  {budget, counter}: {budget: number; counter: string},
): InjectionRecord {
  const eventIds = layout.items.map(({eventId}) => eventId)
  return {at: new Date(layout.atMs).toISOString(), eventIds, tokens, budget, counter, sha256: sha256(text), layout}
}

/** A recorded injection, written again. */
export interface Rerendered {
  text: string
  /** Whether it is byte for byte what was injected; otherwise events are gone from the log, or another release wrote it. */
  isSame: boolean
  record: InjectionRecord
  /** Items whose events are gone. */
  missing: string[]
}

/** Writes a recorded injection again, from the agent's own events in the log. INPUT_INVALID for any other event. */
export function rerender(view: ContextView, event: ClawEvent, options?: PassageOptions): Rerendered {
  const record = readInjection(event)
  const {layout} = record
  const found = view.eventsById(layout.items.map(({eventId}) => eventId))
  const own = (eventId: string) => {
    const one = found.get(eventId)
    return one?.agentId === event.agentId ? one : undefined
  }
  const missing = layout.items.map(({eventId}) => eventId).filter((eventId) => !own(eventId))
  const text =
    layout.items.length === 0
      ? ''
      : renderLayout(layout, (item) => lineOfEvent(item, own(item.eventId), layout.atMs, options))
  return {text, isSame: sha256(text) === record.sha256, record, missing}
}

/** The record of a `context.injected` event. Anyone can emit one, so nothing in it is taken for granted. */
function readInjection(event: ClawEvent): InjectionRecord {
  const {at, tokens, budget, counter, sha256: digest, layout} = event.data
  const isRecord =
    event.type === 'context.injected' &&
    typeof at === 'string' &&
    typeof tokens === 'number' &&
    typeof budget === 'number' &&
    typeof counter === 'string' &&
    typeof digest === 'string' &&
    isLayout(layout)
  if (!isRecord) throw noRecord(event)
  const eventIds = layout.items.map(({eventId}) => eventId)
  return {at, tokens, budget, counter, sha256: digest, layout, eventIds}
}

function isLayout(value: unknown): value is Layout {
  const {atMs, events, firstMs, lastMs, topics, items} = fieldsOf(value)
  return (
    [atMs, firstMs, lastMs].every(isTime) &&
    typeof events === 'number' &&
    Array.isArray(topics) &&
    topics.every((topic) => typeof topic === 'string') &&
    Array.isArray(items) &&
    items.every(isItem)
  )
}

function isItem(value: unknown): value is LayoutItem {
  const {eventId, section, ref, from, to} = fieldsOf(value)
  const isSection = sections.some((name) => name === section)
  return typeof eventId === 'string' && isSection && typeof ref === 'string' && isIndex(from) && isIndex(to)
}

/** Whether a Date can hold it. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15
}

function isIndex(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function noRecord({eventId, type}: ClawEvent): ClawError {
  return new ClawError('INPUT_INVALID', `event ${eventId} (${type}) does not record an injected context`, {
    suggestions: ['`claw-events query --type context.injected` lists those that do'],
  })
}

function sha256(text: string): string {
  return hash('sha256', text)
}
