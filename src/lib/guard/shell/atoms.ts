import type {DoubleQuotedChild, WordPart} from 'unbash'

type Expansion = Extract<
  WordPart,
  {type: 'SimpleExpansion' | 'ParameterExpansion' | 'CommandExpansion' | 'ArithmeticExpansion' | 'ProcessSubstitution'}
>

/** A piece of a word before expansion: letters that may be special (bare), letters that are not, or an expansion. */
export type Atom =
  | {kind: 'bare'; text: string}
  | {kind: 'quoted'; text: string}
  | {kind: 'expansion'; part: Expansion; quoted: boolean}

/** The pieces of a word. `hasBraces` says whether brace expansion can change it. */
export function atomsOf(parts: readonly WordPart[]): {atoms: Atom[]; hasBraces: boolean} {
  const atoms: Atom[] = []
  addParts(parts, atoms)
  return {atoms, hasBraces: atoms.some((atom) => atom.kind === 'bare' && atom.text.includes('{'))}
}

function addParts(parts: readonly WordPart[], atoms: Atom[]): void {
  for (const part of parts) {
    if (part.type !== 'BraceExpansion') addPart(part, atoms)
    else if (part.parts === undefined) addBare(part.text, atoms)
    else {
      atoms.push({kind: 'bare', text: '{'})
      addParts(part.parts, atoms)
      atoms.push({kind: 'bare', text: '}'})
    }
  }
}

function addPart(part: Exclude<WordPart, {type: 'BraceExpansion'}>, atoms: Atom[]): void {
  switch (part.type) {
    case 'Literal':
      addBare(part.text, atoms)
      break
    case 'Glob':
      atoms.push({kind: 'bare', text: part.text})
      break
    case 'ExtendedGlob':
      atoms.push({kind: 'bare', text: `${part.operator}(`})
      if (part.parts === undefined) addBare(part.pattern, atoms)
      else addParts(part.parts, atoms)
      atoms.push({kind: 'bare', text: ')'})
      break
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      atoms.push({kind: 'quoted', text: part.value})
      break
    case 'DoubleQuoted':
    case 'LocaleString':
      // Quotes make a word, if an empty one; but "$@" of nothing is nothing at all.
      if (!part.parts.some(isEach)) atoms.push({kind: 'quoted', text: ''})
      for (const child of part.parts) addQuoted(child, atoms)
      break
    default:
      atoms.push({kind: 'expansion', part, quoted: false})
  }
}

function isEach(part: DoubleQuotedChild): boolean {
  if (part.type === 'SimpleExpansion') return part.text === '$@'
  return part.type === 'ParameterExpansion' && (part.parameter === '@' || part.index?.value === '@')
}

function addQuoted(part: DoubleQuotedChild, atoms: Atom[]): void {
  if (part.type === 'Literal') atoms.push({kind: 'quoted', text: part.value})
  else atoms.push({kind: 'expansion', part, quoted: true})
}

/** A backslash quotes the next letter; before the end of a line it joins the lines. */
function addBare(text: string, atoms: Atom[]): void {
  if (!text.includes('\\')) {
    atoms.push({kind: 'bare', text})
    return
  }
  for (const [piece] of text.matchAll(/[^\\]+|\\[\s\S]?/g)) {
    if (!piece.startsWith('\\')) atoms.push({kind: 'bare', text: piece})
    else if (piece.length > 1 && piece !== '\\\n') atoms.push({kind: 'quoted', text: piece.slice(1)})
  }
}

/** The pieces of what stands in a here-document or another place without quotes of its own. */
export function quotedAtoms(parts: readonly WordPart[]): Atom[] {
  const {atoms} = atomsOf(parts)
  return atoms.map((atom) => (atom.kind === 'expansion' ? {...atom, quoted: true} : {kind: 'quoted', text: atom.text}))
}
