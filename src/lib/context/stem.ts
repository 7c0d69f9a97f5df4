/**
 * The stem of an English word in lower case, by the Snowball English algorithm ("Porter2",
 * snowballstem.org/algorithms/english/stemmer.html). Words with other letters than a-z are returned as they are.
 */
export function stemOf(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word
  const special = specialWords.get(word)
  if (special !== undefined) return special
  const marked = markConsonantY(word)
  const regions = regionsOf(marked)
  const plural = step1a(marked)
  if (invariantStems.has(plural)) return plural
  let stem = step1c(step1b(plural, regions.r1))
  stem = replaceLongest(stem, step2, regions.r1)
  stem = replaceLongest(stem, step3, regions.r1, regions.r2)
  return step5(step4(stem, regions.r2), regions).replaceAll('Y', 'y')
}

const specialWords = new Map(
  Object.entries({
    skis: 'ski',
    skies: 'sky',
    idly: 'idl',
    gently: 'gentl',
    ugly: 'ugli',
    early: 'earli',
    only: 'onli',
    singly: 'singl',
    sky: 'sky',
    news: 'news',
    howe: 'howe',
    atlas: 'atlas',
    cosmos: 'cosmos',
    bias: 'bias',
    andes: 'andes',
  }),
)

const invariantStems = new Set([
  'inning',
  'outing',
  'canning',
  'herring',
  'earring',
  'evening',
  'proceed',
  'exceed',
  'succeed',
])

interface Regions {
  /** Where R1 and R2 begin (as Snowball defines them); the word's length when they are empty. */
  r1: number
  r2: number
}

const vowel = /[aeiouy]/
const afterFirstSyllable = /[aeiouy][^aeiouy]/g

/** A `y` that begins a word or follows a vowel is a consonant; it is written `Y` until the end. */
function markConsonantY(word: string): string {
  return word.replace(/^y|(?<=[aeiouy])y/g, 'Y')
}

function regionsOf(word: string): Regions {
  const prefix = /^(?:gener|commun|arsen|past|univers|later|emerg|organ|inter)/.exec(word)?.[0]
  const r1 = prefix ? prefix.length : regionAfter(word, 0)
  return {r1, r2: regionAfter(word, r1)}
}

function regionAfter(word: string, start: number): number {
  afterFirstSyllable.lastIndex = start
  return afterFirstSyllable.test(word) ? afterFirstSyllable.lastIndex : word.length
}

function step1a(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2)
  if (/ie[ds]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1)
  if (/(?:us|ss)$/.test(word)) return word
  if (word.endsWith('s') && vowel.test(word.slice(0, -2))) return word.slice(0, -1)
  return word
}

function step1b(word: string, r1: number): string {
  const extended = /eed(?:ly)?$/.exec(word)
  if (extended) return extended.index >= r1 ? `${word.slice(0, extended.index)}ee` : word
  const ending = /(?:ed|ing)(?:ly)?$/.exec(word)
  if (!ending) return word
  const stem = word.slice(0, ending.index)
  // Snowball 3: dying, lying, tying, vying.
  if (/^ing/.test(ending[0]) && /^[^aeiouy]y$/.test(stem)) return `${stem.slice(0, -1)}ie`
  if (!vowel.test(stem)) return word
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(stem)) return /^[aeo](.)\1$/.test(stem) ? stem : stem.slice(0, -1)
  return isShortWord(stem, r1) ? `${stem}e` : stem
}

function step1c(word: string): string {
  return word.length > 2 && /[^aeiouy][yY]$/.test(word) ? `${word.slice(0, -1)}i` : word
}

/** Ending, replacement, and what must precede it (or `r2` when the ending must lie in R2). */
type Replacement = readonly [ending: string, by: string, after?: RegExp | 'r2']

// Longer endings stand before their own endings: the first that fits is the longest.
const step2: readonly Replacement[] = [
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['tional', 'tion'],
  ['biliti', 'ble'],
  ['lessli', 'less'],
  ['entli', 'ent'],
  ['ation', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['ousli', 'ous'],
  ['iviti', 'ive'],
  ['fulli', 'ful'],
  ['ogist', 'og'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['izer', 'ize'],
  ['ator', 'ate'],
  ['alli', 'al'],
  ['bli', 'ble'],
  ['ogi', 'og', /l$/],
  ['li', '', /[cdeghkmnrt]$/],
]

const step3: readonly Replacement[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ative', '', 'r2'],
  ['ical', 'ic'],
  ['ness', ''],
  ['ful', ''],
]

function replaceLongest(word: string, rules: readonly Replacement[], r1: number, r2 = 0): string {
  const rule = rules.find(([ending]) => word.endsWith(ending))
  if (!rule) return word
  const [ending, by, after] = rule
  const stem = word.slice(0, -ending.length)
  if (stem.length < r1 || (after === 'r2' && stem.length < r2)) return word
  return after instanceof RegExp && !after.test(stem) ? word : stem + by
}

const step4Ending = /(?:ement|ance|ence|able|ible|ment|ant|ent|ism|ate|iti|ous|ive|ize|ion|al|er|ic)$/

function step4(word: string, r2: number): string {
  const ending = step4Ending.exec(word)
  if (!ending || ending.index < r2) return word
  if (ending[0] === 'ion' && !/[st]$/.test(word.slice(0, ending.index))) return word
  return word.slice(0, ending.index)
}

function step5(word: string, {r1, r2}: Regions): string {
  const last = word.length - 1
  if (word.endsWith('e') && (last >= r2 || (last >= r1 && !endsInShortSyllable(word.slice(0, -1))))) {
    return word.slice(0, -1)
  }
  return word.endsWith('ll') && last >= r2 ? word.slice(0, -1) : word
}

function endsInShortSyllable(word: string): boolean {
  return /[^aeiouy][aeiouy][^aeiouywxY]$/.test(word) || /^[aeiouy][^aeiouy]$/.test(word) || word === 'past'
}

function isShortWord(word: string, r1: number): boolean {
  return r1 >= word.length && endsInShortSyllable(word)
}
