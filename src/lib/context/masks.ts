import {defaultReplacement} from '../redact/redact.ts'

/** What stands where something was redacted: our masks with and without a kind, and those of other tools. */
const foreignMasks = /<redacted[^>]{0,99}>|\bredacted\b(?=[\]})>*])|\*{4,}|[█▇▓]{3,}|\bx{6,}\b/i
/** A sentence ends before white space that follows its mark; a line always does. */
const sentence = /[^.!?\n]*(?:[.!?]+(?!\s)[^.!?\n]*)*[.!?]*\s*/g

/** Whether the text holds the mask of something redacted. */
export function isMasked(text: string, replacement: string = defaultReplacement): boolean {
  const start = replacement.replace(/\]$/, '')
  return (start !== '' && text.includes(start)) || foreignMasks.test(text)
}

/**
 * The text without the sentences that were redacted in part: what is left of them is no fact. An ellipsis stands for
 * each run of them; an empty text when nothing else is left.
 */
export function withoutMasked(text: string, replacement: string = defaultReplacement): string {
  if (!isMasked(text, replacement)) return text
  const kept = (text.match(sentence) ?? []).map((part) => (isMasked(part, replacement) ? '… ' : part))
  // A mask that reaches over sentences is in none of them as a whole.
  const joined = kept.join('').replace(/(?:…\s*)+/g, '… ')
  return joined.replaceAll('…', '').trim() === '' || isMasked(joined, replacement) ? '' : joined.trim()
}
