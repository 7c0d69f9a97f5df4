import type {ContextView, StoredPassage} from '../store/context-index.ts'
import {hopWords} from './hop.ts'
import {type RetrievalModel, reach} from './model.ts'
import type {Hit, Query} from './query.ts'
import {createSurroundings, type Near, type Surroundings} from './surroundings.ts'
import {topNumbers} from './top.ts'
import {addScore, scoreByWords, type WordScores} from './word-scores.ts'
import type {Analyzer} from './words.ts'

export interface RetrieveOptions {
  analyzer: Analyzer
  model: RetrievalModel
  /** Passages that it does not hold for count only as what is around others. */
  isWanted: (passage: StoredPassage) => boolean
}

/**
 * What of an agent's log answers a query, best first; ties go to the newer one, then by event id. Words find passages,
 * the passages around them and the names in the best of them find further ones.
 */
export function retrieve(view: ContextView, query: Query, options: RetrieveOptions): Hit[] {
  if (query.words.length === 0) return []
  const scores = scoreByWords(view, query.words, options.model)
  const surroundings = createSurroundings(view)
  const first = rank(view, query, {scores, surroundings}, options)
  const names = hopWords(view, first, query, options.analyzer)
  if (names.length === 0) return first
  const further = scoreByWords(view, names, options.model)
  for (const number of further.numbers) addScore(scores, number, options.model.hop * further.of[number]!)
  return rank(view, query, {scores, surroundings}, options)
}

interface Ground {
  scores: WordScores
  surroundings: Surroundings
}

function rank(view: ContextView, query: Query, {scores, surroundings}: Ground, options: RetrieveOptions): Hit[] {
  const {isWanted, model} = options
  const speaks = speakerTest(query)
  const wordScore = (passage: StoredPassage) => scores.of[passage.number]! * (speaks(passage) ? model.speakerFactor : 1)
  const found = bestPassages(view, scores, isWanted)
  const best = Math.max(0, ...found.map(wordScore))
  const newestMs = Math.max(...found.map(({timeMs}) => timeMs))
  const ofThread = threadScores(found, wordScore)
  const score = ({passage, before, after}: Near): Hit => {
    const near = nearScore({before, after}, wordScore, model)
    const thread = model.thread * (ofThread.get(passage.thread) ?? 0)
    const speaker = speaks(passage) ? model.speaker * best : 0
    const said = (wordScore(passage) + near + thread + speaker) * (passage.isQuestion ? model.question : 1)
    return {
      passage,
      score: said + (timeScore(passage, query, model) + model.recent * recency(newestMs - passage.timeMs)) * best,
    }
  }
  return surroundings
    .of(found)
    .filter(({passage}) => isWanted(passage))
    .map(score)
    .sort(byScore)
}

function byScore(a: Hit, b: Hit): number {
  return b.score - a.score || b.passage.timeMs - a.passage.timeMs || (a.passage.eventId < b.passage.eventId ? -1 : 1)
}

/** The passages with the highest scores by words; all that tie with the last are looked at before one is left out. */
function bestPassages(
  view: ContextView,
  scores: WordScores,
  isWanted: (passage: StoredPassage) => boolean,
): StoredPassage[] {
  let looked = 0
  for (let count = reach.hits; ; count *= 4) {
    const numbers = topNumbers(scores, count)
    const found = view.entries(numbers).filter(isWanted)
    // Some of the best may be withdrawn or not wanted: then more of them are looked at, as long as there are more.
    if (found.length >= reach.hits || numbers.length === looked || count >= reach.looked) {
      const hits = found.map((passage) => ({passage, score: scores.of[passage.number]!}))
      return hits
        .sort(byScore)
        .slice(0, reach.hits)
        .map(({passage}) => passage)
    }
    looked = numbers.length
  }
}

/** Whether a passage is of the one speaker whom the prompt names; of nobody when it names none or several. */
function speakerTest({speakers}: Query): (passage: StoredPassage) => boolean {
  if (speakers.size !== 1) return () => false
  const [name = ''] = speakers
  return ({speaker}) => speaker === name || (speaker !== '' && speaker.split(' ').includes(name))
}

function threadScores(
  found: readonly StoredPassage[],
  scoreOf: (passage: StoredPassage) => number,
): Map<string, number> {
  const byThread = Map.groupBy(found, ({thread}) => thread)
  byThread.delete('')
  const sums = [...byThread].map(([thread, passages]): [string, number] => {
    const [first = 0, second = 0, third = 0] = passages.map(scoreOf).sort((a, b) => b - a)
    return [thread, first + second / 2 + third / 4]
  })
  return new Map(sums)
}

/** What the passages around one give it. */
function nearScore(
  {before, after}: Pick<Near, 'before' | 'after'>,
  scoreOf: (passage: StoredPassage) => number,
  model: RetrievalModel,
): number {
  const [last, beforeLast] = before
  const [next, afterNext] = after
  const share = (passage: StoredPassage | undefined, worth: number) => (passage ? worth * scoreOf(passage) : 0)
  return (
    share(last, model.before + (last?.isQuestion ? model.answer : 0)) +
    share(next, model.after) +
    share(beforeLast, model.twoAway) +
    share(afterNext, model.twoAway)
  )
}

function timeScore(passage: StoredPassage, {asksForTime, timeFit}: Query, model: RetrievalModel): number {
  const tells = asksForTime && passage.mentionsTime ? model.tellsTime : 0
  return tells + (timeFit ? model.namedTime * timeFit(passage.timeMs) : 0)
}

const halfLifeMs = 30 * 86_400_000

function recency(ageMs: number): number {
  return 2 ** (-Math.max(0, ageMs) / halfLifeMs)
}
