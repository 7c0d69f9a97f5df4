import {forEachChild, type HereDocBody, type ProcessSubstitutionPart, type SyntaxNode, type Word} from 'unbash'
import {type Atom, atomsOf, quotedAtoms} from './atoms.ts'
import {expandBraces} from './braces.ts'
import {addEach, addText, type Draft, fieldsOf, isPattern, newDraft, splitInto} from './fields.ts'
import {expandParameter, valuesOf} from './parameters.ts'
import {runAsSum} from './run-script.ts'
import {doubt, type Field, maybe, type Shell, spend, type Value} from './shell.ts'
import {join, joinFrom, Made, nobody, Outside, plain, type Text} from './text.ts'

/** Alternatives of one word that are followed. */
const alternativeLimit = 32
/** Expansions inside expansions that the parser reads; it takes what is deeper for plain text. */
const parserDepth = 256
/** And those that are followed. */
const nestingLimit = 50

/** What it takes to find the parts of a text: for each expansion inside another one the parser reads all of it again. */
function spendOnParts(shell: Shell, text: string): void {
  const opened = text.length < 512 ? 0 : text.split(/\$[{([]|`/, parserDepth).length - 1
  spend(shell, 1 + (text.length * (opened + 16)) / 512)
}

/** The same for a text of which only the length is known. */
export function spendOnSpan(shell: Shell, length: number): void {
  spend(shell, 1 + (length * Math.min(parserDepth, length / 4)) / 512)
}

/** What a word may expand to: alternatives, each a list of words. */
export function expandWord(shell: Shell, word: Word): Field[][] {
  spendOnParts(shell, word.text)
  const {parts, value} = word
  if (parts === undefined) return [[literal(value, word.text)]]
  const {atoms, hasBraces} = atomsOf(parts)
  const words = hasBraces ? expandBraces(atoms, (steps) => spend(shell, steps)) : [atoms]
  if (words === undefined) {
    doubt(shell, 'braces expand to too many words')
    return [[{text: Made, from: nobody}]]
  }
  let alternatives: Field[][] = [[]]
  for (const one of words) {
    const ends = expandAtoms(shell, one).map(fieldsOf)
    if (ends.length === 1) {
      for (const fields of alternatives) fields.push(...ends[0]!)
      continue
    }
    spend(shell, alternatives.reduce((sum, fields) => sum + 1 + fields.length, 0) * ends.length)
    alternatives = alternatives.flatMap((head) => ends.map((end) => [...head, ...end])).slice(0, alternativeLimit)
  }
  return alternatives
}

/** A word without quotes and expansions. In a script inside a script it may hold unknown pieces of the outer one. */
function literal(value: string, text: string): Field {
  return {text: value, from: nobody, mayVanish: value === text && /^[\uFDD0\uFDD1]+$/.test(text)}
}

/** The texts a word may stand for where it is not split: in assignments, after `<<<`, as an operand of `${…}`. */
export function expandText(shell: Shell, word: Word | HereDocBody): Text[] {
  spendOnParts(shell, word.text)
  if (word.parts === undefined) return [plain(word.type === 'Word' ? word.value : word.text)]
  return expandAtoms(shell, quotedAtoms(word.parts)).map((draft) => join(fieldsOf(draft), ' '))
}

function expandAtoms(shell: Shell, atoms: readonly Atom[]): Draft[] {
  let drafts = [newDraft]
  for (const atom of atoms) {
    spend(shell, drafts.length)
    if (atom.kind !== 'expansion') {
      const isGlob = atom.kind === 'bare' && isPattern(atom.text)
      drafts = drafts.map((draft) => addText(draft, plain(atom.text), {isGlob, keeps: true}))
      continue
    }
    const values = uniqueValues(expansionValues(shell, atom.part))
    drafts = drafts
      .flatMap((draft) => values.flatMap((value) => addValue(shell, draft, value, atom)))
      .slice(0, alternativeLimit)
  }
  return drafts
}

type ExpansionAtom = Extract<Atom, {kind: 'expansion'}>

function addValue(shell: Shell, draft: Draft, value: Value, {part, quoted}: ExpansionAtom): Draft[] {
  if (!quoted) return separators(shell).map((separator) => splitInto(draft, value, separator))
  if (isJoined(part)) return [addText(draft, join(value, ' '), {keeps: true})]
  // "$@" of nothing is nothing at all.
  if (value.length === 0) return [draft]
  return [addEach(draft, value)]
}

function isJoined(part: ExpansionAtom['part']): boolean {
  if (part.type === 'SimpleExpansion') return part.text === '$*'
  return part.type === 'ParameterExpansion' && (part.parameter === '*' || part.index?.value === '*')
}

/** What splits unquoted values: the usual blanks, or what the line says. */
export function separators(shell: Shell): string[] {
  const set = shell.variables.get('IFS')
  return set === undefined ? [' \t\n'] : [' \t\n', ...set.slice(0, 3).map(([text]) => text?.text ?? '')]
}

function expansionValues(shell: Shell, part: ExpansionAtom['part']): Value[] {
  return deeper(shell, () => valuesOfPart(shell, part)) ?? [[plain(Made)]]
}

/** Goes one level deeper, if it is not too deep already. */
function deeper<Result>(shell: Shell, work: () => Result): Result | undefined {
  if (shell.nesting >= nestingLimit) {
    doubt(shell, 'it has expansions inside expansions too deep to follow')
    return undefined
  }
  shell.nesting++
  try {
    return work()
  } finally {
    shell.nesting--
  }
}

function valuesOfPart(shell: Shell, part: ExpansionAtom['part']): Value[] {
  switch (part.type) {
    case 'SimpleExpansion': {
      const name = part.text.slice(1)
      const values = valuesOf(shell, name)
      return name === '@' || name === '*' ? values : values.map((value) => value.slice(0, 1))
    }
    case 'ParameterExpansion':
      if (part.operation?.type !== 'Default') runInside(shell, part)
      return expandParameter(shell, part, (word) => expandText(shell, word))
    case 'CommandExpansion': {
      if (part.script === undefined) return unparsed(shell)
      const {script} = part
      const output = maybe(shell, () => shell.runParsed(shell, script, shell.stdin))
      return [[{text: output.text.replace(/\n+$/, ''), from: output.from}]]
    }
    case 'ProcessSubstitution':
      return [[processSubstitution(shell, part)]]
    default:
      runInside(shell, part)
      return [[plain(Outside)]]
  }
}

function unparsed(shell: Shell): Value[] {
  doubt(shell, 'a substitution cannot be read')
  return [[plain(Made)]]
}

/** `<( )` is a file with the output of what is inside; what is written to `>( )` goes into what is inside. */
function processSubstitution(shell: Shell, {operator, script}: ProcessSubstitutionPart): Text {
  const path = `/dev/fd/substitution-${shell.processSubstitutions++}`
  if (script === undefined) doubt(shell, 'a substitution cannot be read')
  else if (operator === '>') shell.sinks.set(path, {script, hasRun: false, isRunning: false})
  else {
    const output = maybe(shell, () => shell.runParsed(shell, script, undefined))
    shell.files.set(path, [output])
    return {text: path, from: output.from}
  }
  return plain(path)
}

/** Runs the substitutions in and below a node whose value is not followed. */
export function runInside(shell: Shell, node: SyntaxNode): void {
  spend(shell)
  if ('text' in node && node.text.length > 512) spendOnParts(shell, node.text)
  const runs =
    node.type === 'CommandExpansion' ||
    node.type === 'ProcessSubstitution' ||
    node.type === 'ArithmeticCommandExpansion'
  if (node.type === 'Word') runAsSum(shell, plain(node.value))
  if (!runs) deeper(shell, () => forEachChild(node, (child) => runInside(shell, child)))
  else if (node.script === undefined) unparsed(shell)
  else shell.runParsed(shell, node.script, undefined)
}

function uniqueValues(values: readonly Value[]): readonly Value[] {
  if (values.length < 2) return values
  const byText = new Map<string, Value>()
  for (const value of values) {
    const key = JSON.stringify(value.map(({text}) => text))
    const known = byText.get(key)
    byText.set(
      key,
      known === undefined
        ? value
        : value.map((text, index) => ({text: text.text, from: joinFrom(text.from, known[index]!.from)})),
    )
  }
  return [...byText.values()]
}
