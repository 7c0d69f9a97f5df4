import {wordsOf} from '../filter/text.ts'
import type {ContextView} from '../store/context-index.ts'
import {type Analyzer, stopWords} from './words.ts'

const mostTopics = 6
const longestTopic = 24
/** Words of small talk, which are in every conversation and the topic of none. */
const smallTalk = new Set(
  `yes yeah no ok okay please thank thanks hello hi hey bye sure great good nice cool wow really well like want need know
  think get make go going got one thing things way lot let see say said time today now day image photo`.split(/\s+/),
)

/** What the texts have in common: words of at least two of them, rare in the rest of the log first. */
export function topicsOf(texts: readonly string[], view: ContextView, analyzer: Analyzer): string[] {
  const found = new Map<string, {texts: number; forms: Map<string, number>}>()
  for (const text of texts) {
    const seen = new Set<string>()
    for (const word of wordsOf(text)) {
      if (!isTopical(word)) continue
      const term = analyzer.term(word)
      const topic = found.get(term) ?? {texts: 0, forms: new Map()}
      if (!seen.has(term)) topic.texts++
      seen.add(term)
      topic.forms.set(word, (topic.forms.get(word) ?? 0) + 1)
      found.set(term, topic)
    }
  }
  const speakers = new Set(view.speakers())
  return [...found]
    .filter(([term, topic]) => topic.texts > 1 && !speakers.has(term))
    .map(([term, topic]) => ({term, ...topic, worth: topic.texts * rarity(view, term)}))
    .sort((a, b) => b.worth - a.worth || (a.term < b.term ? -1 : 1))
    .slice(0, mostTopics)
    .map(({forms}) => mostFrequent(forms))
}

function isTopical(word: string): boolean {
  return (
    word.length > 2 &&
    word.length <= longestTopic &&
    !stopWords.has(word) &&
    !smallTalk.has(word) &&
    /\p{L}/u.test(word)
  )
}

function rarity(view: ContextView, term: string): number {
  return Math.log(1 + view.passages / Math.max(1, view.frequency(term)))
}

function mostFrequent(forms: ReadonlyMap<string, number>): string {
  const [first] = [...forms].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return first![0]
}
