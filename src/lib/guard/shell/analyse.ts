import type {ParsedScript} from 'unbash'
import {messageOf} from '../../errors.ts'
import {runFields} from './run-fields.ts'
import {parseScript, runScript} from './run-script.ts'
import {runBody, runParsed} from './script.ts'
import {doubt, type Flow, feed, type RunCommand, type Shell, spend, type Value, withPositional} from './shell.ts'
import {Made, plain, reservedCharacters, type Text, TooMuch} from './text.ts'

/** What a command line runs, as far as that can be told. */
export interface Analysis {
  commands: readonly RunCommand[]
  flows: readonly Flow[]
  /** Why the line is not understood; none if it is. */
  doubts: readonly string[]
  /** Work that was done, in steps of `budget`. */
  steps: number
}

/** A longer line is not even parsed: the parser alone would take longer than a decision may. */
export const lineLimit = 49_152
/** What parses slowest is dense with these; of a program that a command writes down, one character in ten is one. */
const operators = ';&|<>(){}$`\n'
const operatorLimit = 8_000
/**
 * Steps of work for one line, each around half a microsecond, so that a decision stays within some milliseconds. Of 276
 * scripts of a Linux distribution that can be followed at all, 271 take fewer.
 */
export const budget = 4_000

/** Follows a command line. Never throws: what cannot be followed is a doubt. */
export function analyse(line: string): Analysis {
  if (line.length > lineLimit) return notRead(`it is longer than ${lineLimit} characters`)
  if (operatorsIn(line) > operatorLimit) return notRead(`it has more than ${operatorLimit} operators`)
  if (reservedCharacters.test(line)) return notRead('it has characters that no text should have')
  const shell = newShell()
  try {
    run(shell, line)
  } catch (error) {
    // Whatever the parser trips over is not understood; a RangeError is the end of the stack.
    const why = error instanceof RangeError ? 'it is nested too deep' : messageOf(error)
    doubt(shell, error instanceof TooMuch ? why : `it could not be followed: ${why}`)
  }
  return {commands: shell.commands, flows: shell.flows, doubts: [...shell.doubts], steps: budget - shell.budget}
}

function run(shell: Shell, line: string): void {
  const script = parseScript(shell, line)
  if (script === undefined) return
  runAll(shell, script)
  if (shell.files.size === 0 || shell.doubts.size > 0) return
  // A file may be read before it is written: by what runs in the background, or from a pipe with a name.
  shell.variables.clear()
  runAll(shell, script)
}

function runAll(shell: Shell, script: ParsedScript): void {
  shell.runParsed(shell, script, undefined)
  for (const trap of shell.traps.splice(0)) runScript(shell, {script: trap, stdin: undefined, into: 'sh'})
  for (const name of shell.functions.keys())
    if (!shell.calledFunctions.has(name)) shell.runFunction(shell, name, [], undefined)
  for (const sink of [...shell.sinks.values()]) if (!sink.hasRun) feed(shell, sink, plain(Made))
}

const isOperator = new Uint8Array(128)
for (const operator of operators) isOperator[operator.charCodeAt(0)] = 1

function operatorsIn(line: string): number {
  if (line.length <= operatorLimit) return 0
  let count = 0
  for (let at = 0; at < line.length; at++) count += isOperator[line.charCodeAt(at)] ?? 0
  return count
}

function notRead(why: string): Analysis {
  return {commands: [], flows: [], doubts: [why], steps: 0}
}

function newShell(): Shell {
  return {
    variables: new Map(),
    files: new Map(),
    codes: [],
    functions: new Map(),
    calledFunctions: new Set(),
    calls: [],
    aliases: new Map(),
    aliasing: [],
    sinks: new Map(),
    descriptors: new Map(),
    commands: [],
    flows: [],
    doubts: new Set(),
    hasOptionFile: false,
    zero: plain('bash'),
    wrappers: [],
    stdin: undefined,
    traps: [],
    loops: 0,
    depth: 0,
    nesting: 0,
    budget,
    processSubstitutions: 0,
    runFields,
    runParsed,
    runFunction,
  }
}

function runFunction(shell: Shell, name: string, args: Value, stdin: Text | undefined): Text {
  spend(shell)
  return withPositional(shell, args, () => runBody(shell, name, stdin))
}
