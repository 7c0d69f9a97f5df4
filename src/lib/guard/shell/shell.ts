import type {CompoundCommand, CompoundList, ParsedScript, Redirected} from 'unbash'
import {joinFrom, Made, nobody, Outside, type Text, TooMuch} from './text.ts'

/** One word of a command after expansion. */
export interface Field extends Text {
  /** It came from an unquoted expansion of unknown value only, so it may not be there at all. */
  readonly mayVanish?: boolean
  /** It holds an unquoted pattern of file names. */
  readonly isGlob?: boolean
}

/** A variable's value: one text, or the elements of an array. */
export type Value = readonly Text[]

/** One command that the line runs. */
export interface RunCommand {
  program: string
  args: readonly Field[]
  /** The programs that start it, outermost first. */
  wrappers: readonly string[]
}

/** What came from some commands goes into a program: as input, or as code where the program runs code. */
export interface Flow {
  into: string
  from: ReadonlySet<number>
}

/** A script that reads what is written to a path. */
export interface Sink {
  script: ParsedScript
  hasRun: boolean
  isRunning: boolean
}

export type FunctionBody = CompoundCommand | Redirected | CompoundList

/**
 * What is known while a command line is followed. Everything that may be so is kept: several values of a variable,
 * several contents of a file.
 */
export interface Shell {
  variables: Map<string, Value[]>
  readonly files: Map<string, Text[]>
  /** Code of other languages, which may write the files it names. */
  readonly codes: string[]
  /** Every body that a function may have, and every value an alias may have. */
  readonly functions: Map<string, readonly FunctionBody[]>
  readonly calledFunctions: Set<string>
  /** The calls of functions that are being followed, with their arguments. */
  calls: readonly string[]
  readonly aliases: Map<string, readonly string[]>
  /** The aliases that are being followed, as `name=value`. */
  aliasing: readonly string[]
  readonly commands: RunCommand[]
  readonly flows: Flow[]
  /** Why the line is not understood, each reason once. */
  readonly doubts: Set<string>
  /** The line makes a file whose name is an option. */
  hasOptionFile: boolean
  /** `$0`: the name the script runs under. */
  zero: Text
  /** What `trap` runs later. */
  readonly traps: Text[]
  /** How deep in loops. */
  loops: number
  /** How deep in scripts inside scripts. */
  depth: number
  /** How deep in expansions inside expansions. */
  nesting: number
  /** What the command at hand reads; undefined where that is the terminal. */
  stdin: Text | undefined
  /** Work left, in steps. */
  budget: number
  processSubstitutions: number
  /** What `>( )` runs, by the path it stands for. */
  readonly sinks: Map<string, Sink>
  /** The files that descriptors may be open on for writing, by their number. */
  readonly descriptors: Map<string, ReadonlySet<string>>
  /** The programs that start what is being looked at, outermost first. */
  wrappers: readonly string[]
  /** Runs words as a command; the result is what it prints. `stdin` is undefined where it is the terminal's. */
  runFields(shell: Shell, fields: readonly Field[], stdin: Text | undefined): Text
  /** Runs a script that is parsed. */
  runParsed(shell: Shell, script: ParsedScript, stdin: Text | undefined): Text
  /** Calls a function that the line defines. */
  runFunction(shell: Shell, name: string, args: Value, stdin: Text | undefined): Text
}

export function spend(shell: Shell, steps = 1): void {
  shell.budget -= steps
  if (shell.budget < 0) throw new TooMuch()
}

/** What it costs to compare a pattern of file names with those that rules ask for. */
const patternSteps = 10

export function addCommand(shell: Shell, command: RunCommand): void {
  let patterns = 0
  for (const {isGlob} of command.args) if (isGlob) patterns++
  spend(shell, 1 + patterns * patternSteps)
  shell.commands.push(command)
}

export function addAlias({aliases}: Shell, name: string, value: string): void {
  const known = aliases.get(name) ?? []
  if (!known.includes(value)) aliases.set(name, [...known, value])
}

export function doubt(shell: Shell, why: string): void {
  shell.doubts.add(why)
}

/** Does `work` as something that `program` started. */
export function within<Result>(shell: Shell, program: string, work: () => Result): Result {
  const outer = shell.wrappers
  shell.wrappers = [...outer, program]
  try {
    return work()
  } finally {
    shell.wrappers = outer
  }
}

/** Has a sink read what was written to it, unless it is what writes. */
export function feed(shell: Shell, sink: Sink, input: Text): void {
  if (sink.isRunning) return
  sink.hasRun = true
  sink.isRunning = true
  try {
    shell.runParsed(shell, sink.script, input)
  } finally {
    sink.isRunning = false
  }
}

/** The name under which `$1` and those after it are kept, as the elements of one value. */
export const positionalName = '@'

export function positionalOf(shell: Shell): Value[] {
  return shell.variables.get(positionalName) ?? [[]]
}

/** Does `work` with `$1` and so on as given; after it they are what they were. */
export function withPositional<Result>(shell: Shell, positional: Value | undefined, work: () => Result): Result {
  if (positional === undefined) return work()
  const outer = positionalOf(shell)
  shell.variables.set(positionalName, [positional])
  try {
    return work()
  } finally {
    shell.variables.set(positionalName, outer)
  }
}

/**
 * Does `work` as something that may not happen, or whose variables are its own: after it, what held before may hold
 * as well.
 */
export function maybe<Result>(shell: Shell, work: () => Result): Result {
  const before = shell.variables
  spend(shell, 1 + before.size)
  shell.variables = new Map(before)
  try {
    return work()
  } finally {
    const after = shell.variables
    for (const [name, values] of after)
      if (before.get(name) !== values)
        after.set(name, either(before.get(name) ?? [name === positionalName ? [] : unset], values))
  }
}

const unset: Value = [{text: Outside, from: nobody}]

/** The program that stands for redirections: its arguments are the files. */
export const redirection = '>'

export function noteFiles(shell: Shell, files: readonly Text[]): void {
  const args = files
    .filter(({text}) => !text.startsWith('/dev/'))
    .map((file) => ({...file, isGlob: /[*?[]/.test(file.text)}))
  if (args.length > 0) addCommand(shell, {program: redirection, args, wrappers: shell.wrappers})
}

/** How much is known, so that a loop knows whether its last round set anything new. */
export function knowledgeOf({variables, files, descriptors, aliases, functions}: Shell): number {
  let size = variables.size + files.size
  for (const parts of [variables, files, aliases, functions]) for (const values of parts.values()) size += values.length
  for (const paths of descriptors.values()) size += paths.size
  return size
}

/** Makes unknown what may have more than one value. */
export function forgetChoices(shell: Shell): void {
  for (const [name, values] of shell.variables)
    if (values.length > 1) shell.variables.set(name, name === positionalName ? [[madeOf(values)]] : [[anyOf(values)]])
}

/** One text that may be anything, several words too. */
function madeOf(values: readonly Value[]): Text {
  return {text: Made, from: anyOf(values).from}
}

/** The values a variable is known to take; beyond that it becomes unknown. */
const valueLimit = 16

/** All values of both, each once. */
export function either(some: readonly Value[], others: readonly Value[]): Value[] {
  const all = [...some]
  for (const value of others) if (!all.some((known) => isSame(known, value))) all.push(value)
  return all.length > valueLimit ? [[anyOf(all)]] : all
}

function isSame(a: Value, b: Value): boolean {
  return (
    a.length === b.length &&
    a.every(({text, from}, index) => text === b[index]!.text && from.size === b[index]!.from.size)
  )
}

/** One unknown text for many: a harmless one only if none of them could be an option or several words. */
function anyOf(values: readonly Value[]): Text {
  let from = nobody
  let isTame = true
  for (const text of values.flat()) {
    from = joinFrom(from, text.from)
    if (/^-|[\s;&|<>$`\uFDD2]/.test(text.text)) isTame = false
  }
  return {text: isTame ? Outside : Made, from}
}
