import type {Atom} from './atoms.ts'

/** The words that brace expansion makes of one may be this many; beyond that it is given up. */
const wordLimit = 64
/** A word of more pieces than this is not expanded. */
const pieceLimit = 160

/**
 * Brace expansion: `{rm,-rf,/}`, `r{m,}`, `{1..3}`. It comes before all other expansion, so its commas and braces are
 * bare letters. Returns `undefined` where there are too many words. `spend` is told of work before it is done.
 */
export function expandBraces(atoms: readonly Atom[], spend: (steps: number) => void): Atom[][] | undefined {
  const pieces: Atom[] = []
  for (const atom of atoms) {
    pieces.push(...split(atom))
    if (pieces.length > pieceLimit) return undefined
  }
  spend(pieces.length)
  // Braces in braces are looked through again at every level.
  spend(pieces.length ** 2 / 64)
  return expand(pieces, spend)
}

/** Bare text in pieces, so that a brace is an atom of its own; no more of them than tells that there are too many. */
function split(atom: Atom): Atom[] {
  if (atom.kind !== 'bare') return [atom]
  return Array.from(atom.text.matchAll(/[{},]|[^{},]+/g).take(pieceLimit + 1), ([text]) => ({kind: 'bare', text}))
}

function expand(atoms: readonly Atom[], spend: (steps: number) => void): Atom[][] | undefined {
  for (let open = 0; open < atoms.length; open++) {
    if (!isBare(atoms[open], '{')) continue
    const group = readGroup(atoms, open)
    if (group === undefined) continue
    const tails = expand(atoms.slice(group.end + 1), spend)
    const options = group.options && expandEach(group.options, spend)
    if (options === undefined || tails === undefined || options.length * tails.length > wordLimit) return undefined
    const head = atoms.slice(0, open)
    spend(options.length * tails.length)
    return options.flatMap((option) => tails.map((tail) => [...head, ...option, ...tail]))
  }
  return [[...atoms]]
}

function expandEach(options: readonly Atom[][], spend: (steps: number) => void): Atom[][] | undefined {
  const words: Atom[][] = []
  for (const option of options) {
    const expanded = expand(option, spend)
    if (expanded === undefined || words.length + expanded.length > wordLimit) return undefined
    words.push(...expanded)
  }
  return words
}

/** The options of the braces that open here, none if they are too many; `undefined` if the braces are just letters. */
function readGroup(atoms: readonly Atom[], open: number): {options: Atom[][] | undefined; end: number} | undefined {
  const options: Atom[][] = [[]]
  let depth = 0
  for (let at = open + 1; at < atoms.length; at++) {
    const atom = atoms[at]!
    if (isBare(atom, '{')) depth++
    if (isBare(atom, '}') && depth-- === 0) {
      if (options.length > 1) return {options, end: at}
      const range = readRange(options[0]!)
      return range && {options: range === 'too many' ? undefined : range, end: at}
    }
    if (isBare(atom, ',') && depth === 0) options.push([])
    else options.at(-1)!.push(atom)
  }
  return undefined
}

/** `1..3` and `a..c`, with an optional step. */
function readRange(atoms: readonly Atom[]): Atom[][] | 'too many' | undefined {
  if (!atoms.every((atom) => atom.kind === 'bare')) return undefined
  const text = atoms.map((atom) => (atom.kind === 'bare' ? atom.text : '')).join('')
  const found = /^(?:(-?\d{1,9})\.\.(-?\d{1,9})|([a-zA-Z])\.\.([a-zA-Z]))(?:\.\.(-?\d{1,9}))?$/.exec(text)
  if (found === null) return undefined
  const isNumber = found[1] !== undefined
  const first = isNumber ? Number(found[1]) : found[3]!.charCodeAt(0)
  const last = isNumber ? Number(found[2]) : found[4]!.charCodeAt(0)
  const step = Math.max(1, Math.abs(Number(found[5] ?? 1)))
  const count = Math.floor(Math.abs(last - first) / step) + 1
  if (count > wordLimit) return 'too many'
  const sign = last < first ? -1 : 1
  return Array.from({length: count}, (_, index) => {
    const value = first + sign * step * index
    return [{kind: 'bare', text: isNumber ? String(value) : String.fromCharCode(value)}]
  })
}

function isBare(atom: Atom | undefined, text: string): boolean {
  return atom?.kind === 'bare' && atom.text === text
}
