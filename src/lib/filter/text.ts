import {ClawError, Exit} from '../errors.ts'
import type {ClawEvent} from '../event/envelope.ts'

// Scripts written without spaces: each character is a word of its own, so that any part of a sentence can be found.
const spaceless =
  '[[\\p{L}\\p{N}]&&[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}]]'
// Sets of scripts take milliseconds to compile, and most commands never look for a word.
const spacelessWord = lazily(() => new RegExp(spaceless, 'v'))
const anyWord = lazily(() => new RegExp(`${spaceless}\\p{M}*|[[\\p{L}\\p{N}\\p{M}]--${spaceless}]+`, 'gv'))
// Accents of no script in particular fold away (é = e); vowel signs of Indic scripts and Japanese voice marks carry
// the meaning and stay.
const accents = lazily(() => /[[\p{M}&&\p{sc=Zinh}]--[\u3099\u309a]]/gv)
const beyondAscii = /[^\x00-\x7f]/

/**
 * The words of a text, in order: compatibility forms and accents folded, lower case, runs of letters and digits. This
 * list is the whole truth of `--text`: the memory filter looks into it and the embedded index is fed and asked with it.
 */
export function wordsOf(text: string): string[] {
  if (!beyondAscii.test(text)) return text.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return fold(text).match(anyWord()) ?? []
}

function fold(text: string): string {
  const bare = text.normalize('NFKD').replace(accents(), '').toLowerCase().replaceAll('ς', 'σ')
  return bare.normalize('NFKD').replace(accents(), '').normalize('NFC')
}

/** Every string found in `data` at any depth, in stored order, and the error's message, one a line. */
export function textOf(event: ClawEvent): string {
  const found: string[] = []
  const open: unknown[] = [event.data]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'string') found.push(value)
    else if (typeof value === 'object' && value !== null) {
      const children = Array.isArray(value) ? value : Object.values(value)
      for (let i = children.length - 1; i >= 0; i--) open.push(children[i])
    }
  }
  if (typeof event.error?.message === 'string') found.push(event.error.message)
  return found.join('\n')
}

export interface TextQuery {
  /** Words that must all occur, anywhere. */
  words: string[]
  /** Runs of words that must occur one right after the other. */
  phrases: string[][]
}

/**
 * Reads a text query: words, and "quoted phrases"; a quote that is not closed reaches to the end. Several characters
 * of a script without spaces are a phrase. FILTER_INVALID when there is no word in it.
 */
export function parseText(query: string): TextQuery {
  const parsed: TextQuery = {words: [], phrases: []}
  for (const [, quoted, bare] of query.matchAll(/"([^"]*)(?:"|$)|([^\s"]+)/g)) {
    const words = wordsOf(quoted ?? bare ?? '')
    if (words.length > 1 && (quoted !== undefined || spacelessWord().test(words.join('')))) parsed.phrases.push(words)
    else parsed.words.push(...words)
  }
  if (parsed.words.length === 0 && parsed.phrases.length === 0) {
    throw new ClawError('FILTER_INVALID', `the text query ${JSON.stringify(query)} holds no letter or digit`, {
      exit: Exit.usage,
      suggestions: ['give one or more words, or a "quoted phrase"'],
    })
  }
  parsed.words = [...new Set(parsed.words)]
  return parsed
}

/** Whether a list of words (`wordsOf`) holds what the query asks for. */
export function matchesText(query: TextQuery, words: readonly string[]): boolean {
  const present = new Set(words)
  return query.words.every((word) => present.has(word)) && query.phrases.every((phrase) => holdsPhrase(words, phrase))
}

function holdsPhrase(words: readonly string[], phrase: readonly string[]): boolean {
  const last = words.length - phrase.length
  for (let at = words.indexOf(phrase[0]!); at >= 0 && at <= last; at = words.indexOf(phrase[0]!, at + 1)) {
    if (phrase.every((word, i) => words[at + i] === word)) return true
  }
  return false
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
