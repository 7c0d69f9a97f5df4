import type {ContextView, LatestQuery, StoredPassage} from '../store/context-index.ts'
import {type Block, type Candidate, createBlock, type Dropped, type Said, type Taken} from './block.ts'
import type {Layout, Section} from './layout.ts'
import type {Lexicon} from './lexicon.ts'
import {defaultModel, type RetrievalModel} from './model.ts'
import {openItems} from './open-items.ts'
import type {PassageOptions} from './passage.ts'
import {passageOf} from './passage.ts'
import {type Hit, readQuery} from './query.ts'
import {retrieve} from './retrieve.ts'
import {type SeenByModel, unseenTest} from './seen.ts'
import type {TokenCounter} from './tokens.ts'
import {topicsOf} from './topics.ts'
import type {Analyzer} from './words.ts'

/** What selection works with; made once and kept. */
export interface SelectTools {
  analyzer: Analyzer
  lexicon: Lexicon
  counter: TokenCounter
  options?: PassageOptions
}

export interface ContextRequest {
  /** Epoch milliseconds: nothing later is taken, and ages count from it. */
  atMs: number
  /** What the agent is about to answer; without it the context is what is recent, open and remembered. */
  prompt?: string
  /** Tokens that the text may have; 0 is none at all. */
  budget: number
  /** Epoch milliseconds; absent: from the beginning. */
  sinceMs?: number
  /** What the model has before it anyway; the prompt itself is never told again. */
  seen?: SeenByModel
}

/** A context and how it came about. Items and dropped events stand in the order of their scores. */
export interface SelectedContext {
  text: string
  tokens: number
  layout: Layout
  items: Taken[]
  dropped: Dropped[]
}

/** Shares of the budget: open items get at most theirs; recent conversation, and memory without a prompt, at least. */
const openShare = 0.15
const recentShare = 0.2
const factsShare = 0.4
const mostRecent = 60
const recentBesideHits = 24
const mostFacts = 30
/** Of the newest messages, what is looked at for some that the model has not before it. */
const mostSeen = 2000
/** Below this share of the best score a hit has little to do with the prompt. */
const weakShare = 0.25

/**
 * Selects what an agent should remember. Pure: the same passages, request and tools give the same bytes, whatever the
 * order in which events came. The text never has more than `budget` tokens by the counter; where not even one line
 * fits, it is empty.
 */
export function selectContext(
  view: ContextView,
  request: ContextRequest,
  tools: SelectTools,
  model: RetrievalModel = defaultModel,
): SelectedContext {
  const {atMs, budget, sinceMs = 0} = request
  const span = {sinceMs, untilMs: atMs}
  const stretch = view.span(sinceMs, atMs)
  if (!stretch) return nothing(atMs)
  const read = createSayings(view, tools.options)
  const isWanted = unseenTest(request, read)
  const hits = hitsOf(view, request, tools, {model, isWanted})
  const limit = hits.length > 0 ? recentBesideHits : mostRecent
  const recent = latestUnseen(view, {...span, kinds: ['message', 'reply'], limit}, isWanted)
  const facts = hits.length > 0 ? [] : view.latest({...span, kinds: ['memory', 'note'], limit: mostFacts})
  const scores = new Map(hits.map(({passage, score}) => [passage.number, score]))
  const topics = topicsOf(
    recent.flatMap((passage) => read(passage)?.passage.text ?? []),
    view,
    tools.analyzer,
  )
  const layout: Layout = {atMs, ...stretch, topics, items: []}
  const block = createBlock(layout, {...tools, budget, words: wordsOfRequest(request, tools)})
  const candidates = (passages: readonly StoredPassage[], section?: Section): Candidate[] =>
    passages.map((passage) => ({
      passage,
      section: section ?? sectionOf(passage),
      score: scores.get(passage.number) ?? 0,
      read: () => read(passage),
    }))

  block.take(candidates(openItems(view, span).filter(isWanted), 'open'), openShare * budget)
  const strong = candidates(strongest(hits))
  const reserve = recent.length > 0 ? recentShare * budget : 0
  block.take(strong, block.room() - reserve)
  block.take(candidates(facts, 'facts'), factsShare * budget)
  block.take(candidates(recent, 'recent'), block.room())
  block.take(strong, block.room())
  return finish(block, candidates(hits.map(({passage}) => passage)))
}

function nothing(atMs: number): SelectedContext {
  const layout: Layout = {atMs, events: 0, firstMs: atMs, lastMs: atMs, topics: [], items: []}
  return {text: '', tokens: 0, layout, items: [], dropped: []}
}

function hitsOf(
  view: ContextView,
  request: ContextRequest,
  tools: SelectTools,
  {model, isWanted}: {model: RetrievalModel; isWanted: (passage: StoredPassage) => boolean},
): Hit[] {
  const {prompt = '', atMs, sinceMs = 0} = request
  const {analyzer, lexicon} = tools
  const query = readQuery(prompt, {analyzer, lexicon, speakers: view.speakers(), atMs})
  const isInTime = ({timeMs}: StoredPassage) => timeMs >= sinceMs && timeMs <= atMs
  return retrieve(view, query, {analyzer, model, isWanted: (passage) => isInTime(passage) && isWanted(passage)})
}

/** The newest that the model has not seen: behind a long session at hand they lie further back. */
function latestUnseen(
  view: ContextView,
  query: LatestQuery,
  isWanted: (passage: StoredPassage) => boolean,
): StoredPassage[] {
  for (let {limit} = query; ; limit *= 4) {
    const latest = view.latest({...query, limit})
    const found = latest.filter(isWanted)
    if (found.length >= query.limit || latest.length < limit || limit >= mostSeen) return found.slice(0, query.limit)
  }
}

function strongest(hits: readonly Hit[]): StoredPassage[] {
  const floor = weakShare * (hits[0]?.score ?? 0)
  return hits.filter(({score}) => score >= floor).map(({passage}) => passage)
}

function sectionOf({kind}: StoredPassage): Section {
  return kind === 'memory' || kind === 'note' ? 'facts' : 'relevant'
}

/** Reads each event once. */
function createSayings(view: ContextView, options?: PassageOptions): (passage: StoredPassage) => Said | undefined {
  const known = new Map<number, Said | undefined>()
  function read(number: number): Said | undefined {
    const event = view.events([number]).get(number)
    const passage = event && passageOf(event, options)
    return event && passage && {event, passage}
  }
  return ({number}) => {
    if (!known.has(number)) known.set(number, read(number))
    return known.get(number)
  }
}

function wordsOfRequest({prompt = ''}: ContextRequest, {analyzer, lexicon}: SelectTools): ReadonlyMap<string, number> {
  const own = analyzer.terms(prompt)
  const related = own.flatMap((term) => lexicon.related(term))
  return new Map([
    ...related.map((term): [string, number] => [term, 0.5]),
    ...own.map((term): [string, number] => [term, 1]),
  ])
}

function finish(block: Block, hits: readonly Candidate[]): SelectedContext {
  const done = block.finish()
  const known = new Set([...done.items, ...done.dropped].map(({eventId}) => eventId))
  const weak = hits
    .filter(({passage}) => !known.has(passage.eventId))
    .map(({passage, score}): Dropped => ({eventId: passage.eventId, score, reason: 'too weak'}))
  return {...done, dropped: [...done.dropped, ...weak]}
}
