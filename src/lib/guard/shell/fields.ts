import type {Field, Value} from './shell.ts'
import {isKnown, joinFrom, type Text} from './text.ts'

/** Words while they are put together: those that are finished and the one that may still grow. */
export interface Draft {
  readonly done: readonly Field[]
  readonly open: (Field & {keeps: boolean}) | undefined
}

export const newDraft: Draft = {done: [], open: undefined}

/** Adds to the last word. `keeps`: the word stays even if it turns out to be empty (it has letters or quotes). */
export function addText(draft: Draft, {text, from}: Text, how: {isGlob?: boolean; keeps: boolean}): Draft {
  const open = draft.open
  if (open === undefined) return {done: draft.done, open: {text, from, isGlob: how.isGlob, keeps: how.keeps}}
  return {
    done: draft.done,
    open: {
      text: open.text + text,
      from: joinFrom(open.from, from),
      isGlob: open.isGlob || how.isGlob,
      keeps: open.keeps || how.keeps,
    },
  }
}

/** Whether unquoted text is a pattern of file names. Some shells know `@(a|b)`. */
export function isPattern(text: string): boolean {
  return /[*?[]|[@+!]\(/.test(text)
}

/** Adds texts that stay whole, each but the first as a word of its own: `"$@"`. */
export function addEach(draft: Draft, value: Value): Draft {
  let result = draft
  for (const [index, text] of value.entries())
    result = addText(index === 0 ? result : endWord(result), text, {keeps: true})
  return result
}

/** Adds the value of an unquoted expansion, which is split into words. */
export function splitInto(draft: Draft, value: Value, separators: string): Draft {
  let result = draft
  for (const [index, {text, from}] of value.entries()) {
    if (index > 0) result = endWord(result)
    let start = 0
    for (let at = 0; at <= text.length; at++) {
      if (at < text.length && !separators.includes(text[at]!)) continue
      const piece = text.slice(start, at)
      if (piece !== '') result = addText(result, {text: piece, from}, {isGlob: isPattern(piece), keeps: isKnown(piece)})
      if (at < text.length) result = endWord(result)
      start = at + 1
    }
  }
  return result
}

function endWord(draft: Draft): Draft {
  return draft.open === undefined ? draft : {done: fieldsOf(draft), open: undefined}
}

/** The finished words. */
export function fieldsOf({done, open}: Draft): Field[] {
  if (open === undefined) return [...done]
  const {keeps, ...field} = open
  return [...done, keeps ? field : {...field, mayVanish: true}]
}
