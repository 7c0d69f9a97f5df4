import type {ParameterExpansionPart, ParameterOperation, Word} from 'unbash'
import {expandAgain} from './run-script.ts'
import {doubt, positionalName, positionalOf, type Shell, spend, type Value} from './shell.ts'
import {removeMatch, replaceMatch} from './shell-pattern.ts'
import {isKnown, join, Made, Outside, plain, type Text, unknownLike} from './text.ts'

/** The texts a word may stand for, without splitting. */
export type ReadWord = (word: Word) => readonly Text[]

/** Longer values are not edited but become unknown: patterns are tried at every place. */
const editLimit = 128
const patternLimit = 32

const outside = plain(Outside)
const made = plain(Made)
/** What a path from the environment begins with is known: `${HOME:0:1}` is a slash. */
const somePath = plain(`/${Outside}`)

const inherited: Readonly<Record<string, Text>> = {
  IFS: plain(' \t\n'),
  HOME: plain('~'),
  SHELL: plain('/bin/sh'),
  BASH: plain('/bin/bash'),
  PWD: somePath,
  OLDPWD: somePath,
  PATH: somePath,
}

/** Variables that the shell sets to words of the line itself. */
const setByShell =
  /^(?:[_-]|BASH_(?:REMATCH|COMMAND|ARGV0?|EXECUTION_STRING|ALIASES|CMDS)|FUNCNAME|REPLY|DIRSTACK|COPROC|MAPFILE|READLINE_\w+|match|MATCH)$/

/** The values a plain `$name` may have, each a list of words (`$@` and arrays have several). */
export function valuesOf(shell: Shell, name: string): Value[] {
  if (name === '@' || name === '*') return positionalOf(shell)
  if (/^[1-9]\d*$/.test(name)) return positionalOf(shell).map((value) => [value[Number(name) - 1] ?? plain('')])
  if (name === '0') return [[shell.zero]]
  const set = shell.variables.get(name)
  if (set !== undefined) return set
  if (setByShell.test(name)) return [[made]]
  return [[(Object.hasOwn(inherited, name) && inherited[name]) || outside]]
}

/** The values of `${…}`. */
export function expandParameter(shell: Shell, part: ParameterExpansionPart, read: ReadWord): Value[] {
  const {parameter, prefix, operation, index} = part
  if (prefix === '#') return [[outside]]
  if (prefix === '!') return indirect(shell, part, read)
  let values = valuesOf(shell, parameter)
  if (operation !== undefined && /^(?:HOME|SHELL|BASH|PWD)$/.test(parameter) && !shell.variables.has(parameter)) {
    values = [[somePath]]
  }
  // Quotes around an index do not keep it from being expanded.
  if (index !== undefined && /\$\(|`/.test(index.value)) expandAgain(shell, plain(index.value))
  if (index !== undefined) values = values.map((value) => element(value, index.value))
  else if (parameter !== positionalName && shell.variables.has(parameter))
    values = values.map((value) => value.slice(0, 1))
  if (operation === undefined) return values
  return values.flatMap((value) => applyOperation(shell, part, value, operation, read))
}

/** `${!name}` stands for the variable that name's value names; `${!name*}` and `${!a[@]}` for names and indices. */
function indirect(shell: Shell, {parameter, operation, index}: ParameterExpansionPart, read: ReadWord): Value[] {
  if (index !== undefined || operation?.type === 'Names') return [[made]]
  return valuesOf(shell, parameter).flatMap(([name]): Value[] => {
    if (name === undefined || !/^\w+$/.test(name.text)) return [[made]]
    const values = valuesOf(shell, name.text)
    return operation === undefined
      ? values
      : values.flatMap((value) => value.flatMap((text) => edit(shell, text, operation, read)).map((text) => [text]))
  })
}

function element(value: Value, index: string): Value {
  if (index === '@' || index === '*') return value
  if (/^-?\d+$/.test(index)) return [value.at(Number(index)) ?? plain('')]
  return value.length <= 1 ? value : [unknownLike(join(value))]
}

function applyOperation(
  shell: Shell,
  {parameter}: ParameterExpansionPart,
  value: Value,
  operation: ParameterOperation,
  read: ReadWord,
): Value[] {
  const isPositional = parameter === '@' || parameter === '*'
  if (operation.type === 'Slice' && (isPositional || value.length > 1)) {
    const [start, length] = [numberOf(operation.offset, read), operation.length && numberOf(operation.length, read)]
    if (start === undefined || (operation.length !== undefined && length === undefined)) return [[made]]
    // $@ counts from 1, and ${@:0} has $0 in front.
    const list = isPositional ? [shell.zero, ...value] : value
    return [list.slice(start, length === undefined ? undefined : start + length)]
  }
  if (operation.type === 'Default') return withDefault(shell, parameter, value, operation, read)
  if (value.length === 0) return [value]
  let alternatives: Value[] = [[]]
  for (const text of value) {
    alternatives = alternatives
      .flatMap((head) => edit(shell, text, operation, read).map((edited) => [...head, edited]))
      .slice(0, 16)
  }
  return alternatives
}

function withDefault(
  shell: Shell,
  name: string,
  value: Value,
  {operator, operand}: Extract<ParameterOperation, {type: 'Default'}>,
  read: ReadWord,
): Value[] {
  const others = read(operand).map((text) => [text])
  const text = value.map((part) => part.text).join(' ')
  const isEmpty = text === ''
  const mayBeEmpty = isEmpty || !isKnown(text)
  if (operator.endsWith('+')) return isEmpty ? [[plain('')]] : mayBeEmpty ? [[plain('')], ...others] : others
  if (operator.endsWith('?')) return [value]
  if (operator.endsWith('=') && mayBeEmpty) shell.variables.set(name, [...(shell.variables.get(name) ?? []), ...others])
  if (isEmpty) return others
  return mayBeEmpty ? [value, ...others] : [value]
}

/** What becomes of one text. */
function edit(shell: Shell, text: Text, operation: ParameterOperation, read: ReadWord): Text[] {
  if (text.text === somePath.text && operation.type === 'Slice') {
    const isFirstLetter = numberOf(operation.offset, read) === 0 && operation.length?.value === '1'
    return [isFirstLetter ? plain('/') : made]
  }
  // Prompts run the substitutions in them.
  if (operation.type === 'Transform' && operation.operand.value === 'P') doubt(shell, 'a value is expanded as a prompt')
  if (!isKnown(text.text) || text.text.length > editLimit) return [unknownLike(text)]
  // Patterns are tried at every place and for every length.
  spend(shell, 1 + (text.text.length * text.text.length) / 4)
  const edited = editKnown(text.text, operation, read)
  return (edited ?? [Made]).map((result) => ({text: result, from: text.from}))
}

function editKnown(text: string, operation: ParameterOperation, read: ReadWord): string[] | undefined {
  switch (operation.type) {
    case 'Remove':
      return eachPattern(operation.operand, read, (pattern) => removeMatch(text, operation.operator, pattern))
    case 'Replace':
      return eachPattern(operation.pattern, read, (pattern) => {
        const [by] = read(operation.replacement)
        return replaceMatch(text, operation.operator, pattern, by?.text ?? '')
      })
    case 'Slice': {
      const sliced = sliceKnown(text, operation, read)
      return sliced === undefined ? undefined : [sliced]
    }
    case 'CaseModification':
      return [changeCase(text, operation.operator)]
    case 'Transform':
      return transform(text, operation.operand.value)
    default:
      return undefined
  }
}

function eachPattern(word: Word, read: ReadWord, apply: (pattern: string) => string): string[] | undefined {
  const patterns = read(word).map(({text}) => text)
  return patterns.every((pattern) => isKnown(pattern) && pattern.length <= patternLimit)
    ? patterns.map(apply)
    : undefined
}

function sliceKnown(
  text: string,
  {offset, length}: Extract<ParameterOperation, {type: 'Slice'}>,
  read: ReadWord,
): string | undefined {
  const start = numberOf(offset, read)
  if (start === undefined) return undefined
  const tail = text.slice(start)
  if (length === undefined) return tail
  const count = numberOf(length, read)
  return count === undefined ? undefined : count < 0 ? tail.slice(0, count) : tail.slice(0, count)
}

function numberOf(word: Word, read: ReadWord): number | undefined {
  const [text, ...others] = read(word)
  const digits = text?.text.trim() ?? ''
  return others.length === 0 && /^[-+]?\d{1,6}$/.test(digits) ? Number(digits) : undefined
}

function changeCase(text: string, operator: '^' | '^^' | ',' | ',,'): string {
  const change = (part: string) => (operator.startsWith('^') ? part.toUpperCase() : part.toLowerCase())
  return operator.length === 2 ? change(text) : change(text.slice(0, 1)) + text.slice(1)
}

function transform(text: string, operator: string): string[] | undefined {
  if (operator === 'U') return [text.toUpperCase()]
  if (operator === 'u') return [changeCase(text, '^')]
  if (operator === 'L') return [text.toLowerCase()]
  return operator === 'Q' ? [text] : undefined
}
