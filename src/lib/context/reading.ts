import {hash} from 'node:crypto'
import type {ClawEvent} from '../event/envelope.ts'
import {wordsOf} from '../filter/text.ts'
import {defaultReplacement} from '../redact/redact.ts'
import type {IndexedPassage, PassageKind, ReadForIndex, Reading} from '../store/context-index.ts'
import {type PassageOptions, passageOf, timeMsOf} from './passage.ts'
import {mentionsTime} from './time-words.ts'
import type {Analyzer} from './words.ts'

/** A passage's further terms are not indexed; nor is anything of a text that has no words. */
const mostTerms = 1_000

/** Reads events for the index. Pure: the same event is always read the same. */
export function createReader(analyzer: Analyzer, options: PassageOptions = {}): ReadForIndex {
  function read(event: ClawEvent): Reading | undefined {
    const passage = readPassage(event, analyzer, options)
    const retires = retiredBy(event)
    return passage || retires.length > 0 ? {agentId: event.agentId, retires, ...(passage && {passage})} : undefined
  }
  return Object.assign(read, {edition: editionOf(options)})
}

/** 0 for what holds where nothing is configured. */
function editionOf({replacement = defaultReplacement, confidential = false}: PassageOptions): number {
  if (replacement === defaultReplacement && !confidential) return 0
  const digest = hash('sha256', JSON.stringify([replacement, confidential]))
  return 1 + (Number.parseInt(digest.slice(0, 10), 16) % (2 ** 40 - 1))
}

function readPassage(event: ClawEvent, analyzer: Analyzer, options: PassageOptions): IndexedPassage | undefined {
  const found = passageOf(event, options)
  if (!found) return undefined
  const {kind, text, speaker, target} = found
  const label = kind === 'message' || kind === 'reply' ? '' : found.label
  const inOrder = analyzer.terms(`${label}\n${text}`).slice(0, mostTerms)
  const session = event.sessionId ?? event.sessionKey ?? ''
  const terms = new Map<string, number>()
  for (const term of inOrder) terms.set(term, (terms.get(term) ?? 0) + 1)
  return {
    eventId: event.eventId,
    agentId: event.agentId,
    session,
    thread: threadOf(kind, session),
    timeMs: timeMsOf(event),
    kind,
    speaker: wordsOf(speaker).map(analyzer.term).join(' '),
    isQuestion: /[?？]\s*$/.test(text),
    mentionsTime: mentionsTime(text),
    part: partOf(event),
    target,
    words: inOrder.length,
    terms,
  }
}

/** Talk is understood from what was said around it; a section of a file or a tool's result stands for itself. */
function threadOf(kind: PassageKind, session: string): string {
  return kind === 'message' || kind === 'reply' ? session : ''
}

/** Streamed text comes in pieces, each with all of the text so far. */
function partOf({type, data, runId}: ClawEvent): string {
  if (type !== 'conversation.message.out' || typeof data['delta'] !== 'string' || runId === undefined) return ''
  return `${runId}/${typeof data['itemId'] === 'string' ? data['itemId'] : ''}`
}

/** Memory that changed or went names what it replaces. Only the migration may say so: anyone can emit an event. */
function retiredBy({source, type, metadata}: ClawEvent): string[] {
  const retired = metadata?.['supersedes']
  return source === 'migration' && type.startsWith('memory.') && typeof retired === 'string' ? [retired] : []
}
