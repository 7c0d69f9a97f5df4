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
  const ofWord = new Float64Array(view.numberLimit)
  const averageWords = view.words / Math.max(1, view.passages)
  const parts = affordable(view, words, model)
  for (let word = 0; word < words.length; word++) {
    const touched: number[] = []
    for (const part of parts) if (part.word === word) addPart(view, part, averageWords, {model, ofWord, touched})
    for (const number of touched) {
      addScore(total, number, ofWord[number]!)
      ofWord[number] = 0
    }
  }
  return total
}

function affordable(view: ContextView, words: readonly QueryWord[], model: RetrievalModel): Part[] {
  const parts = words.flatMap(({term, related}, word) => {
    const own = partOf(view, word, term, 1)
    return [own, ...related.map((other) => partOf(view, word, other, model.related))].filter(
      ({frequency}) => frequency > 0,
    )
  })
  parts.sort((a, b) => a.frequency - b.frequency || (a.term < b.term ? -1 : 1))
  let left = reach.postings
  return parts.filter(({frequency}) => {
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

interface Sums {
  model: RetrievalModel
  ofWord: Float64Array
  /** Numbers of the passages that `ofWord` has something for. */
  touched: number[]
}

function addPart(view: ContextView, part: Part, averageWords: number, {model, ofWord, touched}: Sums): void {
  const postings = view.postings(part.term)
  if (!postings) return
  const {numbers, counts, words} = postings
  const {k1, b} = model
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!
    const count = counts[i]!
    const score = (part.weight * count * (k1 + 1)) / (count + k1 * (1 - b + (b * words[i]!) / averageWords))
    const before = ofWord[number]!
    if (before === 0) touched.push(number)
    if (score > before) ofWord[number] = score
  }
}
