import {wordsOf} from '../filter/text.ts'
import {baseFormOf} from './irregular.ts'
import {stemOf} from './stem.ts'

/** Turns text into the terms that passages and prompts are compared by. */
export interface Analyzer {
  /** The terms of a text, in order, without stop words. */
  terms(text: string): string[]
  /** The term of one word in lower case, a stop word too. */
  term(word: string): string
}

/** Stemming costs ten times a look-up; this many stems are far more than the words of a language in use. */
const mostStems = 50_000
/** Longer runs of letters and digits are keys and encodings: nobody asks for their ends. */
const longestTerm = 40

/** An analyzer with its own memory of stems. */
export function createAnalyzer(): Analyzer {
  const stems = new Map<string, string>()
  function term(word: string): string {
    const known = stems.get(word)
    if (known !== undefined) return known
    if (stems.size >= mostStems) stems.clear()
    const made = stemOf(baseFormOf(word.slice(0, longestTerm)))
    stems.set(word, made)
    return made
  }
  return {
    term,
    terms(text) {
      const found: string[] = []
      for (const word of wordsOf(text)) if (!stopWords.has(word)) found.push(term(word))
      return found
    },
  }
}

/** Words that tell nothing of what a text is about; those cut off from contractions ("don't" is `don`, `t`) are among them. */
export const stopWords: ReadonlySet<string> = new Set(
  `a about after again all also am an and any are aren as at be because been before being but by can could couldn d did
  didn do does doesn doing don down during each few for from further had hadn has hasn have haven having he her here
  hers herself him himself his how i if in into is isn it its itself just ll m me more most my myself no nor not now of
  off on once only or other our ours out over own re s same she should shouldn so some such t than that the their them
  then there these they this those through to too under until up ve very was wasn we were weren what when where which
  while who whom why will with won would wouldn you your yours yourself`.split(/\s+/),
)
