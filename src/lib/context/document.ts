import type {Dropped, Taken} from './block.ts'
import type {Rerendered} from './injection.ts'
import type {SelectedContext} from './select.ts'

/** What `context preview --json` prints. */
export interface ContextDocument {
  agentId: string
  sessionKey?: string
  /** RFC 3339. */
  at: string
  budget: number
  tokens: number
  /** By which vocabulary the tokens were counted. */
  counter: string
  /** What is injected, byte for byte; empty when there is nothing to say. */
  text: string
  /** The events in it, best first. */
  items: Taken[]
  /** The events that were looked at and left out, best first. */
  dropped: Dropped[]
  /** What would have been injected when the session before began, and what has changed since. */
  diff?: ContextDiff
  /** Of `--injection`: the recording event, and whether these are the same bytes. */
  injection?: {eventId: string; sha256: string; isSame: boolean; missing: string[]}
}

export interface ContextDiff {
  /** RFC 3339. */
  at: string
  added: string[]
  removed: string[]
  kept: string[]
}

export interface DocumentFrame {
  agentId: string
  sessionKey?: string
  budget: number
  counter: string
}

export function contextDocument(frame: DocumentFrame, selected: SelectedContext): ContextDocument {
  const {text, tokens, layout, items, dropped} = selected
  const {agentId, sessionKey, budget, counter} = frame
  const at = new Date(layout.atMs).toISOString()
  return {agentId, ...(sessionKey !== undefined && {sessionKey}), at, budget, tokens, counter, text, items, dropped}
}

/** The document of an injection that was written again; scores and what was left out are not recorded. */
export function injectionDocument(eventId: string, agentId: string, found: Rerendered): ContextDocument {
  const {text, isSame, missing, record} = found
  const {at, budget, tokens, counter, sha256, layout} = record
  const items = layout.items.map(({eventId, ref, section}) => ({eventId, ref, section, score: 0, tokens: 0}))
  const injection = {eventId, sha256, isSame, missing}
  return {agentId, at, budget, tokens, counter, text, items, dropped: [], injection}
}

/** What has changed from one context to another, by event. */
export function diffContexts(before: SelectedContext, after: SelectedContext): ContextDiff {
  const earlier = new Set(before.items.map(({eventId}) => eventId))
  const later = after.items.map(({eventId}) => eventId)
  const now = new Set(later)
  return {
    at: new Date(before.layout.atMs).toISOString(),
    added: later.filter((eventId) => !earlier.has(eventId)),
    removed: [...earlier].filter((eventId) => !now.has(eventId)),
    kept: later.filter((eventId) => earlier.has(eventId)),
  }
}
