import {type Call, passedOn, type Runner, someOutput, wordsOf} from './call.ts'
import {contentOf, isStandardInput} from './files.ts'
import {runFile} from './interpreters.ts'
import {readOptions} from './options.ts'
import {formatted, pathOf} from './outputs.ts'
import {expandAgain, runScript} from './run-script.ts'
import {addAlias, doubt, type Field, maybe, positionalName, positionalOf, type Shell} from './shell.ts'
import {isKnown, join, Made, Outside, plain, type Text, unknownLike} from './text.ts'
import {assign, isVariableName} from './variables.ts'
import {separators} from './words.ts'

/** What the shell itself does with names, values and text. */
export const builtins: Readonly<Record<string, Runner>> = {
  eval: (shell, {args, stdin}) => {
    const script = wordsOf(args[0]?.text === '--' ? args.slice(1) : args)
    return runScript(shell, {script, stdin, into: 'sh'})
  },
  source: runSource,
  '.': runSource,
  trap: (shell, {args}) => {
    const [script] = readOptions(args, {}).operands
    if (script === undefined) return undefined
    shell.traps.push(script)
    return maybe(shell, () => runScript(shell, {script, stdin: undefined, into: 'sh'}))
  },
  command: (shell, call) => {
    const {flags, operands} = readOptions(call.args, {})
    if (flags.has('v') || flags.has('V')) return passedOn(pathOf(call), call)
    return operands.length === 0 ? undefined : shell.runFields(shell, operands, call.stdin)
  },
  alias: (shell, {args}) => {
    for (const {text} of args) {
      const equals = text.indexOf('=')
      if (equals > 0) addAlias(shell, text.slice(0, equals), text.slice(equals + 1))
    }
    return undefined
  },
  set: (shell, {args}) => {
    if (shell.wrappers.some((name) => ownSet.test(name))) setByName(shell, args)
    const dashes = args.findIndex(({text}) => text === '--' || text === '-')
    const start = dashes >= 0 ? dashes + 1 : args.findIndex(({text}) => !/^[-+]/.test(text))
    if (start >= 0 && (dashes >= 0 || start < args.length)) assign(shell, positionalName, [args.slice(start)], true)
    return undefined
  },
  shift: (shell, {args}) => {
    const count = Number(args[0]?.text ?? 1) || 0
    assign(
      shell,
      positionalName,
      positionalOf(shell).map((value) => value.slice(count)),
      true,
    )
    return undefined
  },
  unset: (shell, {args}) => {
    for (const {text} of args) if (isVariableName(text) && shell.variables.has(text)) assign(shell, text, [[plain('')]])
    return undefined
  },
  read: (shell, call) => {
    const {operands, values} = readOptions(call.args, {short: 'adinNptu'})
    const array = values.find(({name}) => name === 'a')?.value.text
    readInto(shell, array === undefined ? operands.map(({text}) => text) : [array], call.stdin, array !== undefined)
    return undefined
  },
  mapfile: readLines,
  readarray: readLines,
  printf: (shell, call) => {
    if (call.args[0]?.text !== '-v' || call.args[1] === undefined) return undefined
    const {text} = call.args[1]
    if (isVariableName(text)) assign(shell, text, [[passedOn(formatted(call.args.slice(2)), call)]])
    return plain('')
  },
  getopts: (shell, {args}) => {
    for (const name of [args[1]?.text ?? '', 'OPTARG']) if (isVariableName(name)) assign(shell, name, [[plain(Made)]])
    return undefined
  },
  compgen: expandWords,
  complete: expandWords,
  let: (_shell, call) => someOutput(call),
  hash: (shell, {args}) => {
    const {values, operands} = readOptions(args, {short: 'p'})
    const path = values.find(({name}) => name === 'p')?.value.text
    if (path !== undefined) for (const {text} of operands) addAlias(shell, text, path)
    return undefined
  },
  enable: (shell, {args}) => {
    if (args.some(({text}) => text === '-f')) doubt(shell, 'it loads a builtin from a file')
    return undefined
  },
}

/** Shells in which `set` gives a variable its value. */
const ownSet = /^(?:fish|t?csh)$/

/** `set -l name value…` in fish, `set name = value` in csh. */
function setByName(shell: Shell, args: readonly Field[]): void {
  const words = args.filter(
    ({text}, index) => !(index === 0 || /^-/.test(args[index - 1]!.text)) || !/^-[a-zA-Z-]+$/.test(text),
  )
  const [name, ...values] = words
  if (name === undefined) return
  const equals = name.text.indexOf('=')
  const bare = equals < 0 ? name.text : name.text.slice(0, equals)
  if (!isVariableName(bare)) return
  const value = equals < 0 ? values.filter(({text}) => text !== '=') : [{...name, text: name.text.slice(equals + 1)}]
  assign(shell, bare, [value])
}

/** Names whose value `declare` and the like set; the assignments themselves are followed where they are read. */
export const declarations = new Set(['export', 'declare', 'typeset', 'local', 'readonly'])

/** `declare "a=rm"`: the assignment came out of an expansion. */
export function runDeclaration(shell: Shell, {args}: Call): Text | undefined {
  if (args.some(({text}) => /^-[A-Za-z]*n/.test(text))) doubt(shell, 'a variable is another name for one')
  if (args.some(({text}) => /^-[A-Za-z]*[luc]/.test(text))) doubt(shell, 'a variable changes what it is set to')
  for (const {text, from} of args) {
    const equals = text.indexOf('=')
    const name = text.slice(0, Math.max(0, equals))
    if (isVariableName(name)) assign(shell, name, [[{text: text.slice(equals + 1), from}]])
  }
  return undefined
}

function runSource(shell: Shell, call: Call): Text | undefined {
  const [path, ...args] = call.args
  if (path !== undefined && isStandardInput(path.text) && path.text !== '-') {
    return runScript(shell, {script: contentOf(shell, path.text), stdin: undefined, into: 'sh'})
  }
  // fish reads its input.
  if (path === undefined && call.stdin !== undefined)
    return runScript(shell, {script: call.stdin, stdin: undefined, into: 'sh'})
  return runFile(shell, {...call, name: 'sh'}, path, args)
}

/** The lines of known input one after the other, since `while read` sees them all. */
function readInto(shell: Shell, names: readonly string[], stdin: Text | undefined, isArray: boolean): void {
  const variables = names.length === 0 ? ['REPLY'] : names
  if (stdin === undefined || !isKnown(stdin.text)) {
    for (const name of variables)
      if (isVariableName(name)) assign(shell, name, [[stdin === undefined ? plain(Outside) : unknownLike(stdin)]])
    return
  }
  for (const line of stdin.text
    .split('\n')
    .filter((text) => text !== '')
    .slice(0, 32)) {
    for (const separator of separators(shell)) {
      const words = splitLine(line, separator)
      for (const [index, name] of variables.entries()) {
        const text = index === variables.length - 1 ? words.slice(index).join(separator[0]) : (words[index] ?? '')
        const texts = isArray ? words : [text]
        if (isVariableName(name)) assign(shell, name, [texts.map((word) => ({text: word, from: stdin.from}))])
      }
    }
  }
}

function readLines(shell: Shell, {args, stdin}: Call): undefined {
  const {operands} = readOptions(args, {short: 'dnOsuCc'})
  const name = operands[0]?.text ?? 'MAPFILE'
  if (!isVariableName(name)) return
  const lines =
    stdin === undefined || !isKnown(stdin.text)
      ? [unknownLike(stdin ?? plain(Outside))]
      : stdin.text
          .replace(/\n$/, '')
          .split('\n')
          .map((text) => ({text, from: stdin.from}))
  assign(shell, name, [lines.slice(0, 64)])
}

function expandWords(shell: Shell, {args}: Call): undefined {
  for (const {name, value} of readOptions(args, {short: 'oAGWFCXPS', permute: true}).values)
    if (name === 'W') expandAgain(shell, value)
}

/** The words of a line, which the first of several letters joins. */
function splitLine(line: string, separator: string): string[] {
  const words: string[] = []
  let start = 0
  for (let at = 0; at <= line.length; at++) {
    if (at < line.length && !separator.includes(line[at]!)) continue
    if (at > start) words.push(line.slice(start, at))
    start = at + 1
  }
  return words
}

/** The words of an alias with those that follow it. */
export function aliasScript(alias: string, args: readonly Field[]): Text {
  return join([plain(alias), ...args.map(({text, from}) => ({text: quote(text), from}))], ' ')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
