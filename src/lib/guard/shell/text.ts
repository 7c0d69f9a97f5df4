/**
 * Text of which pieces may be unknown. Unknown pieces stand in the text itself as single characters that Unicode
 * keeps free for such use, so that joining, splitting and parsing again treat them like any other letter.
 */
export interface Text {
  readonly text: string
  /** The commands that had a hand in it, by number. */
  readonly from: ReadonlySet<number>
}

/** The value of something set outside the command line, such as a variable of the environment. */
export const Outside = '\uFDD0'
/** What a file holds. */
export const FromFile = '\uFDD1'
/** Something computed in a way that cannot be followed. */
export const Made = '\uFDD2'

/** Any character of the range: no command line may bring its own. */
export const reservedCharacters = /[\uFDD0-\uFDEF]/

const unknownPieces = /[\uFDD0-\uFDD2]/
const outsidePieces = /[\uFDD0\uFDD1]/g

/** A text longer than this is not followed any further. */
export const textLimit = 65_536

export const nobody: ReadonlySet<number> = new Set()

export const empty: Text = {text: '', from: nobody}

export function plain(text: string): Text {
  return {text, from: nobody}
}

export function isKnown(text: string): boolean {
  return !unknownPieces.test(text)
}

/** The text as it is if everything set outside is empty. */
export function withoutOutside(text: string): string {
  return text.replace(outsidePieces, '')
}

/** Thrown when following a line further would take too long. */
export class TooMuch extends Error {
  constructor() {
    super('it is too long to be followed')
  }
}

/** Commands that may have a hand in one text. */
const handLimit = 200

export function joinFrom(a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> {
  if (b.size === 0 || a === b) return a
  if (a.size === 0) return b
  const both = new Set([...a, ...b])
  if (both.size > handLimit) throw new TooMuch()
  return both
}

/** One after the other. What grows too long becomes unknown. */
export function join(texts: readonly Text[], separator = ''): Text {
  let length = 0
  let from = nobody
  for (const part of texts) {
    length += part.text.length + separator.length
    from = joinFrom(from, part.from)
  }
  return {text: length > textLimit ? Made : texts.map(({text}) => text).join(separator), from}
}

/** What the text is if it is not known in full: computed pieces outweigh those that came from outside. */
export function unknownLike({text, from}: Text): Text {
  return {text: text.includes(Made) || isKnown(text) ? Made : Outside, from}
}

/** The text for people: unknown pieces as an ellipsis. */
export function shown(text: string): string {
  return text.replace(/[\uFDD0-\uFDD2]/g, '…')
}
