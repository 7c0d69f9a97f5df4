import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import type {Filter} from '../../src/lib/filter/filter.ts'
import {expressions} from './arbitraries.ts'

/** What a filter means, written as plainly as possible and apart from the code that it judges. */
export function naiveMatches(filter: Filter, event: ClawEvent): boolean {
  return (
    anyOf(filter.types, (glob) => matchesGlob(glob, event.type)) &&
    anyOf(filter.agents, (agent) => event.agentId === agent) &&
    anyOf(filter.sessions, (session) => event.sessionKey === session || event.sessionId === session) &&
    anyOf(filter.runs, (run) => event.runId === run) &&
    anyOf(filter.tools, (glob) => matchesGlob(glob, event.data['toolName'])) &&
    (filter.since === undefined || timeOf(event) >= filter.since) &&
    (filter.until === undefined || timeOf(event) < filter.until) &&
    (!filter.text || holdsText(filter.text, event)) &&
    (!filter.where || meaningOf(filter.where)(event))
  )
}

function anyOf(list: readonly string[] | undefined, test: (one: string) => boolean): boolean {
  return list === undefined || list.length === 0 || list.some(test)
}

function matchesGlob(glob: string, value: unknown): boolean {
  const pattern = glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*')
  return typeof value === 'string' && new RegExp(`^${pattern}$`).test(value)
}

/** The times that `arbEvent` makes: ISO in UTC, one bare date, and texts that are no time. */
function timeOf({timestamp}: ClawEvent): number {
  const time = /^\d{4}-\d\d-\d\d/.test(timestamp) ? Date.parse(timestamp) : Number.NaN
  const isReal = !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === timestamp.slice(0, 10)
  return isReal ? time : Number.NaN
}

function meaningOf(cel: string): (event: ClawEvent) => boolean {
  const found = expressions.find(([expression]) => expression === cel)
  if (!found) throw new Error(`the oracle does not know ${cel}`)
  return found[1]
}

function holdsText(query: string, event: ClawEvent): boolean {
  const words = ` ${wordsIn([...stringsIn(event.data), event.error?.message ?? ''].join('\n')).join(' ')} `
  const quoted = [...query.matchAll(/"([^"]*)"/g)].map(([, phrase]) => phrase!)
  const bare = query.replace(/"[^"]*"/g, ' ').split(/\s+/)
  // Parts of one bare term must only occur, unless it is written in a script without spaces.
  const parts = bare.flatMap((term) =>
    spaceless.some((script) => [...folded(term)].some((one) => script.test(one)))
      ? [wordsIn(term)]
      : wordsIn(term).map((word) => [word]),
  )
  return [...quoted.map(wordsIn), ...parts].every(
    (phrase) => phrase.length === 0 || words.includes(` ${phrase.join(' ')} `),
  )
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

const spaceless = ['Han', 'Hira', 'Kana', 'Hang', 'Thai', 'Laoo', 'Khmr', 'Mymr'].map(
  (script) => new RegExp(`^\\p{scx=${script}}$`, 'u'),
)

/** Words character by character: a letter or digit extends a word, one of a script without spaces is a word. */
function wordsIn(text: string): string[] {
  const words: string[] = []
  let last: 'none' | 'word' | 'single' = 'none'
  for (const character of folded(text)) {
    const isMark = /^\p{M}$/u.test(character)
    const isLetter = /^[\p{L}\p{N}]$/u.test(character)
    if (isLetter && spaceless.some((script) => script.test(character))) {
      words.push(character)
      last = 'single'
    } else if (isMark && last === 'single') words[words.length - 1] += character
    else if (isLetter || isMark) {
      if (last === 'word') words[words.length - 1] += character
      else words.push(character)
      last = 'word'
    } else last = 'none'
  }
  return words
}

/** Compatibility forms and accents folded, lower case. Accents that belong to one script are part of its letters. */
function folded(text: string): string {
  const strip = (decomposed: string) =>
    [...decomposed]
      .filter(
        (one) => !(/^\p{M}$/u.test(one) && /^\p{sc=Inherited}$/u.test(one) && one !== '\u3099' && one !== '\u309a'),
      )
      .join('')
  const lower = strip(text.normalize('NFKD')).toLowerCase().replaceAll('ς', 'σ')
  return strip(lower.normalize('NFKD')).normalize('NFC')
}
