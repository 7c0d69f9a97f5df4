import {wordsOf} from '../filter/text.ts'
import type {StoredPassage} from '../store/context-index.ts'
import {type TimeFit, timeFitOf} from './dates.ts'
import type {Lexicon} from './lexicon.ts'
import {asksForTime} from './time-words.ts'
import {type Analyzer, stopWords} from './words.ts'

/** A word of the prompt with what else may stand for it; a passage scores by the best of them, not by their sum. */
export interface QueryWord {
  term: string
  related: readonly string[]
}

/** A passage with how well it answers a prompt. */
export interface Hit {
  passage: StoredPassage
  score: number
}

export interface Query {
  words: QueryWord[]
  /** Terms of names in the prompt that are names of speakers. */
  speakers: ReadonlySet<string>
  /** The prompt asks when something was. */
  asksForTime: boolean
  /** The prompt names a time. */
  timeFit: TimeFit | undefined
}

/** Longer prompts are pasted material: its first words are what is asked, and no more than this is looked at. */
const mostWords = 64
const longestPrompt = 20_000

/** A word with a capital that does not begin a sentence. */
const writtenAsName = /(?<=[\p{L}\p{N},;)] )\p{Lu}[\p{L}\p{M}'’-]+/gu

/** What a prompt asks of the log. `speakers` are the terms of the names of everybody who speaks there. */
export function readQuery(
  given: string,
  {
    analyzer,
    lexicon,
    speakers,
    atMs,
  }: {analyzer: Analyzer; lexicon: Lexicon; speakers: readonly string[]; atMs: number},
): Query {
  const prompt = given.slice(0, longestPrompt)
  const names = new Set(speakers)
  const terms = [
    ...new Set(
      wordsOf(prompt)
        .filter((word) => !stopWords.has(word) || names.has(analyzer.term(word)))
        .map(analyzer.term),
    ),
  ]
  const kept = terms.slice(0, mostWords)
  // Anyone may call himself "Boiler": a word that is not written as a name is looked for as well.
  const written = new Set((prompt.match(writtenAsName) ?? []).flatMap(wordsOf).map(analyzer.term))
  const asked = kept.filter((term) => !names.has(term) || !written.has(term))
  return {
    // A prompt that is nothing but a name asks for that name.
    words: (asked.length > 0 ? asked : kept).map((term) => ({
      term,
      related: lexicon.related(term).filter((other) => !kept.includes(other)),
    })),
    speakers: new Set(kept.filter((term) => names.has(term))),
    asksForTime: asksForTime(prompt),
    timeFit: timeFitOf(prompt, atMs),
  }
}
