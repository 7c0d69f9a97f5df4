import type {ArrayValue, Assignment} from 'unbash'
import {runAsSum} from './run-script.ts'
import {addAlias, either, type Shell, spend, type Value} from './shell.ts'
import {isKnown, join, plain, type Text} from './text.ts'
import {expandText, expandWord, runInside} from './words.ts'

/** Values of an array that are followed. */
const alternativeLimit = 16

/** Notes that a variable may have these values from now on; unless that is certain, those it had as well. */
export function assign(shell: Shell, name: string, values: readonly Value[], isCertain = false): void {
  const known = shell.variables.get(name)
  spend(shell, 1 + values.reduce((sum, value) => sum + sizeOf(value), 0))
  for (const text of values.flat()) runAsSum(shell, text)
  shell.variables.set(name, either(isCertain ? [] : (known ?? []), values))
}

/** The work that a value is, in steps. */
function sizeOf(value: Value): number {
  return value.reduce((length, {text}) => length + text.length, 32 * value.length) / 64
}

/**
 * Follows `name=value`, `name+=value`, `name=(a b)`. Returns the words it stands for as an argument. `isCertain`: it
 * stands alone, so that it holds from here on.
 */
export function runAssignment(shell: Shell, {name, value, append, index}: Assignment, isCertain = false): Text[] {
  const values: Value[] =
    value.type === 'Word' ? expandText(shell, value).map((text) => [text]) : arrayValues(shell, value)
  const before = shell.variables.get(name) ?? [[plain('')]]
  if (index !== undefined) runInside(shell, index)
  // The shell's own lists of aliases, and of where programs are.
  if (index !== undefined && (name === 'BASH_ALIASES' || name === 'BASH_CMDS'))
    for (const [text] of values) addAlias(shell, index.value, text!.text)
  if (index !== undefined)
    assign(
      shell,
      name,
      before.flatMap((old) => values.map((added) => putAt(old, index.value, added))),
    )
  else if (!append) assign(shell, name, values, isCertain)
  else {
    const isArray = value.type === 'ArrayValue'
    assign(
      shell,
      name,
      before.flatMap((old) =>
        values.map((added) => (isArray ? [...old, ...added] : [join([old[0] ?? plain(''), ...added])])),
      ),
      isCertain,
    )
  }
  return values.map((texts) => join([plain(`${name}=`), join(texts, ' ')]))
}

function arrayValues(shell: Shell, {elements}: ArrayValue): Value[] {
  let alternatives: Text[][] = [[]]
  for (const word of elements) {
    const isIndexed = word.text.startsWith('[')
    const options = expandWord(shell, word).map((fields) => (isIndexed ? fields.map(withoutIndex) : fields))
    if (options.length === 1) {
      const values = options[0]!
      spend(shell, alternatives.length * values.length)
      for (const value of alternatives) value.push(...values)
      continue
    }
    spend(
      shell,
      alternatives.reduce((sum, value) => sum + value.length, 0),
    )
    alternatives = alternatives
      .flatMap((head) => options.map((fields) => [...head, ...fields]))
      .slice(0, alternativeLimit)
  }
  return alternatives
}

/** `[key]=value` in a list of elements. */
function withoutIndex({text, from}: Text): Text {
  return {text: text.replace(/^\[[^\]]*\]\+?=/, ''), from}
}

function putAt(old: Value, index: string, added: Value): Value {
  const at = /^\d{1,3}$/.test(index) ? Number(index) : undefined
  // An element whose place is not known is kept as one more.
  if (at === undefined || at > old.length) return [...old, ...added]
  return old.toSpliced(at, 1, ...added)
}

export function isVariableName(text: string): boolean {
  return isKnown(text) && /^[A-Za-z_]\w*$/.test(text)
}
