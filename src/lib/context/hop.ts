import type {ContextView} from '../store/context-index.ts'
import {reach} from './model.ts'
import {passageOf} from './passage.ts'
import type {Hit, Query, QueryWord} from './query.ts'
import {type Analyzer, stopWords} from './words.ts'

/** A capitalised word that does not begin a sentence: in English mostly a name. */
const name = /(?<=[\p{Ll}\p{N},;:)"'’] )\p{Lu}[\p{L}\p{N}]{2,}/gu

/**
 * Names in the best hits that the prompt does not have: "who is the friend Anna went with" finds Anna's trip, that
 * names Tom, who is in other passages. The rarest come first; those in one passage only lead nowhere.
 */
export function hopWords(view: ContextView, hits: readonly Hit[], query: Query, analyzer: Analyzer): QueryWord[] {
  const asked = new Set([...query.words.map(({term}) => term), ...view.speakers()])
  const numbers = hits.slice(0, reach.hopHits).map(({passage}) => passage.number)
  const found = new Set<string>()
  for (const event of view.events(numbers).values()) {
    for (const [word] of passageOf(event)?.text.matchAll(name) ?? []) {
      const term = analyzer.term(word.toLowerCase())
      if (!stopWords.has(word.toLowerCase()) && !asked.has(term)) found.add(term)
    }
  }
  return [...found]
    .map((term) => ({term, frequency: view.frequency(term)}))
    .filter(({frequency}) => frequency > 1)
    .sort((a, b) => a.frequency - b.frequency || (a.term < b.term ? -1 : 1))
    .slice(0, reach.hopNames)
    .map(({term}) => ({term, related: []}))
}
