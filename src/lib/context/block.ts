import type {ClawEvent} from '../event/envelope.ts'
import type {PassageKind, StoredPassage} from '../store/context-index.ts'
import {createSeenTexts} from './duplicates.ts'
import {excerptOf} from './excerpt.ts'
import {type Layout, type LayoutItem, lineOf, renderLayout, type Section, titleOf} from './layout.ts'
import type {Passage} from './passage.ts'
import {createRefs} from './ref.ts'
import type {TokenCounter} from './tokens.ts'
import {type Trust, trustOf} from './trust.ts'
import type {Analyzer} from './words.ts'

/** A passage that asks for a line. */
export interface Candidate {
  passage: StoredPassage
  section: Section
  score: number
  /** What it says, while it is in the log. */
  read: () => Said | undefined
}

/** An event with what it says. */
export interface Said {
  event: ClawEvent
  passage: Passage
}

/** A passage that has a line. */
export interface Taken {
  eventId: string
  /** Its short name in the text. */
  ref: string
  section: Section
  score: number
  /** Of its line. */
  tokens: number
}

/** A passage that has none. */
export interface Dropped {
  eventId: string
  score: number
  reason: string
}

export interface BlockOptions {
  analyzer: Analyzer
  counter: TokenCounter
  budget: number
  /** What long texts are cut around: what each term is worth. */
  words: ReadonlyMap<string, number>
}

/** A context being put together within its budget. */
export interface Block {
  /** Tokens that are left. */
  room(): number
  /** Gives lines to candidates, the first first, while they fit into `tokens`. A passage has one line at most. */
  take(candidates: readonly Candidate[], tokens: number): void
  finish(): {text: string; tokens: number; layout: Layout; items: Taken[]; dropped: Dropped[]}
}

interface Line extends Taken {
  layout: LayoutItem
  timeMs: number
  text: string
  kind: PassageKind
  trust: Trust
}

/** A host reports a message twice, and knows only the second time that the owner wrote it. */
const reportedWithinMs = 600_000

/** After this many candidates in a row that do not fit, shorter ones are no longer looked for. */
const mostMisfits = 6

export function createBlock(head: Layout, {analyzer, counter, budget, words}: BlockOptions): Block {
  const lines = new Map<string, Line>()
  const dropped = new Map<string, Dropped>()
  const seen = createSeenTexts()
  const refs = createRefs()
  const costOf = (text: string) => counter.count(`${text}\n`)
  const titled = new Set<Section>()
  let used = costOf(renderLayout({...head, items: []}, () => undefined))

  function drop({passage, score}: Candidate, reason: string): void {
    dropped.set(passage.eventId, {eventId: passage.eventId, score, reason})
  }

  /**
   * The line of a candidate, with its terms, and with the line that it takes the place of; undefined when it says
   * nothing, or nothing new.
   */
  function lineFor(candidate: Candidate): {line: Line; terms: string[]; replaces?: Line} | undefined {
    const {score} = candidate
    const {eventId, timeMs, kind} = candidate.passage
    const said = candidate.read()
    if (!said) {
      drop(candidate, 'no longer in the log')
      return undefined
    }
    const {text} = said.passage
    const terms = analyzer.terms(text)
    const trust = trustOf(said.event, said.passage.kind)
    const same = seen.find(terms)
    const known = same === undefined ? undefined : lines.get(same)
    const replaces = known && isLesserReport(known, {...candidate.passage, trust}) ? known : undefined
    if (same !== undefined && !replaces) {
      drop(candidate, `says the same as ${known?.ref ?? same}`)
      return undefined
    }
    const weigh = (sentence: string) => analyzer.terms(sentence).reduce((sum, term) => sum + (words.get(term) ?? 0), 0)
    const section = replaces?.section ?? candidate.section
    const layout: LayoutItem = {eventId, section, ref: refs.of(eventId), ...excerptOf(text, weigh)}
    const shown = lineOf(layout, said.event, said.passage, head.atMs)
    const {ref} = layout
    const line = {eventId, ref, section, score, tokens: costOf(shown), layout, timeMs, text: shown, kind, trust}
    return {line, terms, replaces}
  }

  function take(candidates: readonly Candidate[], tokens: number): void {
    const limit = Math.min(budget, used + Math.max(0, tokens))
    let misfits = 0
    for (const candidate of candidates) {
      const {eventId} = candidate.passage
      if (lines.has(eventId) || isSettled(dropped.get(eventId))) continue
      if (misfits >= mostMisfits) {
        drop(candidate, noRoom)
        continue
      }
      const found = lineFor(candidate)
      if (!found) continue
      const {line, terms, replaces} = found
      const title = titled.has(line.section) ? 0 : costOf(titleOf(line.section))
      const cost = line.tokens + title - (replaces?.tokens ?? 0)
      if (used + cost > limit) {
        drop(candidate, noRoom)
        misfits++
        continue
      }
      if (replaces) {
        lines.delete(replaces.eventId)
        dropped.set(replaces.eventId, {...droppedAs(replaces), reason: `says the same as ${line.ref}`})
      }
      used += cost
      titled.add(line.section)
      lines.set(eventId, line)
      dropped.delete(eventId)
      refs.keep(eventId)
      seen.add(line.eventId, terms)
    }
  }

  function finish() {
    // Line by line counts add up to the whole's, or nearly so: what is over goes, the last taken first.
    for (;;) {
      const kept = [...lines.values()]
      const layout = {...head, items: kept.sort(byTime).map((line) => line.layout)}
      const text = kept.length === 0 ? '' : renderLayout(layout, ({eventId}) => lines.get(eventId)?.text)
      const tokens = text === '' ? 0 : counter.count(text)
      if (tokens <= budget) return {text, tokens, layout, items: ranked(kept), dropped: rankedDrops(dropped)}
      const [last] = [...lines.values()].slice(-1)
      lines.delete(last!.eventId)
      dropped.set(last!.eventId, {...droppedAs(last!), reason: noRoom})
    }
  }

  return {room: () => Math.max(0, budget - used), take, finish}
}

const noRoom = 'no room'

function droppedAs({eventId, score}: Line): Pick<Dropped, 'eventId' | 'score'> {
  return {eventId, score}
}

/** Whether a line is of the report that did not know yet whose word it is. */
function isLesserReport(line: Line, {kind, timeMs, trust}: Pick<Line, 'kind' | 'timeMs' | 'trust'>): boolean {
  const isSameMessage =
    line.kind === 'message' && kind === 'message' && Math.abs(line.timeMs - timeMs) <= reportedWithinMs
  return isSameMessage && line.trust === 'other' && trust === 'owner'
}

/** Whether a candidate was dropped for good: one without room may find some later. */
function isSettled(dropped: Dropped | undefined): boolean {
  return dropped !== undefined && dropped.reason !== noRoom
}

function byTime(a: Line, b: Line): number {
  return a.timeMs - b.timeMs || (a.eventId < b.eventId ? -1 : 1)
}

function ranked(lines: readonly Line[]): Taken[] {
  return lines
    .toSorted((a, b) => b.score - a.score || b.timeMs - a.timeMs || (a.eventId < b.eventId ? -1 : 1))
    .map(({eventId, ref, section, score, tokens}) => ({eventId, ref, section, score: rounded(score), tokens}))
}

function rankedDrops(dropped: ReadonlyMap<string, Dropped>): Dropped[] {
  return [...dropped.values()]
    .sort((a, b) => b.score - a.score || (a.eventId < b.eventId ? -1 : 1))
    .map((drop) => ({...drop, score: rounded(drop.score)}))
}

function rounded(score: number): number {
  return Math.round(score * 1000) / 1000
}
