import type {Atom} from './atoms.ts'

/** The words that brace expansion makes of one may be this many; beyond that it is given up. */
const wordLimit = 64
/** A word of more pieces than this is not expanded. */
const pieceLimit = 200

/**
 * Brace expansion: `{rm,-rf,/}`, `r{m,}`, `{1..3}`. It comes before all other expansion, so its commas and braces are
 * bare letters. Returns `undefined` where there are too many words.
 */
export function expandBraces(atoms: readonly Atom[]): Atom[][] | undefined {
  const pieces = atoms.flatMap(split)
  if (pieces.length > pieceLimit) return undefined
  const words = expand(pieces)
  return words.length > wordLimit ? undefined : words
}

/** Bare text letter by letter, so that a brace is an atom of its own. */
function split(atom: Atom): Atom[] {
  if (atom.kind !== 'bare') return [atom]
  return Array.from(atom.text.matchAll(/[{},]|[^{},]+/g), ([text]) => ({kind: 'bare', text}))
}

function expand(atoms: readonly Atom[]): Atom[][] {
  for (let open = 0; open < atoms.length; open++) {
    if (!isBare(atoms[open], '{')) continue
    const group = readGroup(atoms, open)
    if (group === undefined) continue
    const head = atoms.slice(0, open)
    const tails = expand(atoms.slice(group.end + 1))
    return group.options
      .flatMap((option) => expand(option))
      .slice(0, wordLimit + 1)
      .flatMap((option) => tails.map((tail) => [...head, ...option, ...tail]))
      .slice(0, wordLimit + 1)
  }
  return [[...atoms]]
}

/** The options of the braces that open here, or `undefined` if they are just letters. */
function readGroup(atoms: readonly Atom[], open: number): {options: Atom[][]; end: number} | undefined {
  const options: Atom[][] = [[]]
  let depth = 0
  for (let at = open + 1; at < atoms.length; at++) {
    const atom = atoms[at]!
    if (isBare(atom, '{')) depth++
    if (isBare(atom, '}') && depth-- === 0) {
      if (options.length > 1) return {options, end: at}
      const range = readRange(options[0]!)
      return range && {options: range, end: at}
    }
    if (isBare(atom, ',') && depth === 0) options.push([])
    else options.at(-1)!.push(atom)
  }
  return undefined
}

/** `1..3` and `a..c`, with an optional step. */
function readRange(atoms: readonly Atom[]): Atom[][] | undefined {
  if (!atoms.every((atom) => atom.kind === 'bare')) return undefined
  const text = atoms.map((atom) => (atom.kind === 'bare' ? atom.text : '')).join('')
  const found = /^(?:(-?\d{1,9})\.\.(-?\d{1,9})|([a-zA-Z])\.\.([a-zA-Z]))(?:\.\.(-?\d{1,9}))?$/.exec(text)
  if (found === null) return undefined
  const isNumber = found[1] !== undefined
  const first = isNumber ? Number(found[1]) : found[3]!.charCodeAt(0)
  const last = isNumber ? Number(found[2]) : found[4]!.charCodeAt(0)
  const step = Math.max(1, Math.abs(Number(found[5] ?? 1)))
  const count = Math.min(Math.floor(Math.abs(last - first) / step), wordLimit) + 1
  const sign = last < first ? -1 : 1
  return Array.from({length: count}, (_, index) => {
    const value = first + sign * step * index
    return [{kind: 'bare', text: isNumber ? String(value) : String.fromCharCode(value)}]
  })
}

function isBare(atom: Atom | undefined, text: string): boolean {
  return atom?.kind === 'bare' && atom.text === text
}
