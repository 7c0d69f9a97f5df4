import type {ContextView} from '../store/context-index.ts'
import {type RetrievalModel, reach} from './model.ts'
import type {QueryWord} from './query.ts'

/** Scores of passages by their words alone. */
export interface WordScores {
  /** By passage number; 0 where no word occurs. */
  of: Float64Array
  /** The numbers of the passages in which some word occurs. */
  numbers: number[]
}

/** Adds a score above zero. */
export function addScore({of, numbers}: WordScores, number: number, score: number): void {
  const before = of[number]!
  if (before === 0) numbers.push(number)
  of[number] = before + score
}

interface Part {
  /** Which word of the query it stands for. */
  word: number
  term: string
  frequency: number
  weight: number
}

/**
 * BM25 over all passages, each word of the query counted by the best of itself and its related words. Words are taken
 * from the rarest to the most frequent, until `reach.postings` occurrences: what is everywhere tells nothing.
 */
export function scoreByWords(view: ContextView, words: readonly QueryWord[], model: RetrievalModel): WordScores {
  const total: WordScores = {of: new Float64Array(view.numberLimit), numbers: []}
  const best = new Float64Array(view.numberLimit)
  const byWord = Map.groupBy(affordable(view, words, model), ({word}) => word)
  // In the order of the prompt: sums of the same numbers in another order may differ in their last digit.
  for (const [, parts] of [...byWord].sort(([a], [b]) => a - b)) {
    const touched: number[] = []
    const add = (number: number, score: number) => addScore(total, number, score)
    const keepBest = (number: number, score: number) => {
      const before = best[number]!
      if (before === 0) touched.push(number)
      if (score > before) best[number] = score
    }
    // A word without related ones, as most are, needs no comparing.
    for (const part of parts) eachScore(view, part, model, parts.length === 1 ? add : keepBest)
    for (const number of touched) {
      add(number, best[number]!)
      best[number] = 0
    }
  }
  return total
}

function affordable(view: ContextView, words: readonly QueryWord[], model: RetrievalModel): Part[] {
  const parts = words.flatMap(({term, related}, word) => {
    const own = partOf(view, word, term, 1)
    return [own, ...related.map((other) => partOf(view, word, other, model.related))]
  })
  const occurring = parts.filter(({frequency}) => frequency > 0)
  occurring.sort((a, b) => a.frequency - b.frequency || (a.term < b.term ? -1 : 1))
  let left = reach.postings
  return occurring.filter(({frequency}) => {
    left -= frequency
    return left >= 0
  })
}

function partOf(view: ContextView, word: number, term: string, worth: number): Part {
  const frequency = view.frequency(term)
  return {word, term, frequency, weight: worth * rarity(frequency, view.passages)}
}

/** BM25's inverse document frequency, kept above zero. */
function rarity(frequency: number, passages: number): number {
  return Math.log(1 + Math.max(0, passages - frequency + 0.5) / (frequency + 0.5))
}

/** Hands out the BM25 score of each passage in which the term occurs. */
function eachScore(
  view: ContextView,
  {term, weight}: Part,
  {k1, b}: RetrievalModel,
  take: (number: number, score: number) => void,
): void {
  const postings = view.postings(term)
  if (!postings) return
  const {numbers, counts, words} = postings
  const most = weight * (k1 + 1)
  const base = k1 * (1 - b)
  const perWord = (k1 * b * view.passages) / view.words
  for (let i = 0; i < numbers.length; i++) {
    const count = counts[i]!
    take(numbers[i]!, (most * count) / (count + base + perWord * words[i]!))
  }
}
