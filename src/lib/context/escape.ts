/**
 * Everything invisible: controls, bidi and format characters, variation selectors, tags, private use, lone surrogates.
 * Instructions can be hidden in them from whoever reads the preview, and no fact needs them. The joiners stay: Persian
 * and many emoji are written with them.
 */
const invisible = /[[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]--[\u200c\u200d\s\u0085]]/gv
const whiteSpace = /[\s\u0085\u2028\u2029]+/g

/** What templates, fences and our own lines are made of, and what is written for it. */
const structure: Record<string, string> = {
  '<': '‹',
  '>': '›',
  '[': '(',
  ']': ')',
  '{': '(',
  '}': ')',
  '`': "'",
  '|': '¦',
}
const structural = /[<>[\]{}`|]/g
/** Runs that some reader takes for a rule, a heading or a role marker wherever they stand. */
const runs = /[#=~*_-]{3,}|\\n/g

/**
 * Text that stays on its line and inside its fence: one line, nothing invisible, and none of the characters with which
 * template tokens, tags, code fences and our own lines begin, in any of their Unicode forms.
 */
export function inert(text: string): string {
  const visible = beyondPlain.test(text) ? visibleForm(text) : text
  return visible
    .replace(structural, (character) => structure[character]!)
    .replace(runs, (run) => (run === '\\n' ? ' ' : run[0]!))
    .trim()
}

const beyondPlain = /[^\x20-\x7e]/

function visibleForm(text: string): string {
  const oneLine = text.replace(invisible, '').replace(whiteSpace, ' ')
  return [...oneLine].map(plainForm).join('')
}

/** A look-alike that Unicode itself folds to a structural character (`＜`, `﹤`) becomes that; all others stay. */
function plainForm(character: string): string {
  if (character.codePointAt(0)! < 0x80) return character
  const folded = character.normalize('NFKC')
  return folded !== character && /[<>[\]{}`|]/.test(folded) ? folded : character
}
