import {allOf, Unsure, Yes} from '../condition.ts'
import type {ShellCondition} from '../schema.ts'
import type {CompileShell, ShellMatcher} from '../shell-condition.ts'
import {analyse, lineLimit} from './analyse.ts'
import {compileArgument, type ReadCommand, readCommand} from './arguments.ts'
import {type RunCommand, redirection} from './shell.ts'
import {shown} from './text.ts'

/**
 * Compiles `when.shell`. A command line matches if it runs one of the programs, wherever it stands in it (pipes,
 * lists, substitutions, here-documents, wrappers such as sudo, xargs and `bash -c`), with all of `args` among the
 * arguments; and, if `pipedInto` is given, what the program prints goes into one of those, as code where they run
 * code. `understood` is false where the line does or may do something that cannot be told from it.
 */
export const compileShell: CompileShell = (condition) => createShellCompiler()(condition)

/** A call may have a command line in more than one of its params. */
const keptReadings = 4

/** The same for several conditions: they share the reading of a line. */
export function createShellCompiler(): CompileShell {
  let kept: Array<{line: string; reading: Reading}> = []
  const read = (line: string): Reading => {
    const known = kept.find((entry) => entry.line === line)
    if (known !== undefined) return known.reading
    const reading = readingOf(line)
    // A line that was not read costs nothing to read again, and may be of any length.
    if (line.length <= lineLimit) kept = [{line, reading}, ...kept.slice(0, keptReadings - 1)]
    return reading
  }
  return (condition) => {
    const judge = compileCondition(condition)
    return (line) => judge(read(line))
  }
}

/** What a line runs, ready for many questions. */
interface Reading {
  /** The commands by their program's name, with their numbers. */
  byProgram: ReadonlyMap<string, ReadonlyArray<readonly [id: number, command: ReadCommand]>>
  /** Into which programs the output of a command goes, by its number. */
  targets: ReadonlyMap<number, ReadonlySet<string>>
  doubts: readonly string[]
}

function readingOf(line: string): Reading {
  const {commands, flows, doubts} = analyse(line)
  const targets = new Map<number, Set<string>>()
  for (const {into, from} of flows) {
    for (const id of from) {
      const known = targets.get(id)
      if (known === undefined) targets.set(id, new Set([into]))
      else known.add(into)
    }
  }
  return {byProgram: Map.groupBy(commands.map(readCommand).entries(), ([, {program}]) => program), targets, doubts}
}

function compileCondition(condition: ShellCondition): (reading: Reading) => ReturnType<ShellMatcher> {
  const programs = namesOf(condition.program)
  const isAny = programs.includes(anyProgram)
  const test = allOf((condition.args ?? []).map(compileArgument))
  const wanted = condition.pipedInto === undefined ? undefined : namesOf(condition.pipedInto)
  return (reading) => {
    let doubtful: string | undefined
    for (const [id, command] of isAny ? all(reading) : found(reading, programs)) {
      if (wanted !== undefined && !goesInto(reading, id, wanted)) continue
      const match = test(command)
      if (match === Yes) return {matched: true, understood: true, why: `it runs ${shownCommand(command)}`}
      if (match === Unsure && !isAny) doubtful ??= `what ${shownCommand(command)} is given cannot be told from the line`
    }
    const why = reading.doubts[0] ?? doubtful
    return why === undefined ? {matched: false, understood: true} : {matched: false, understood: false, why}
  }
}

/** Runs of these programs, in the order of the line. */
function found({byProgram}: Reading, programs: readonly string[]): ReadonlyArray<readonly [number, ReadCommand]> {
  const runs = programs.flatMap((program) => byProgram.get(program) ?? [])
  return programs.length === 1 ? runs : runs.sort(([a], [b]) => a - b)
}

/** Stands for every program, and for redirections. Of those only what can be told counts: any word may be anything. */
const anyProgram = '*'

function all({byProgram}: Reading): ReadonlyArray<readonly [number, ReadCommand]> {
  return [...byProgram.values()].flat()
}

/** The shell that reads the line (`sh`) is a shell like those it starts. */
function goesInto({targets}: Reading, id: number, wanted: readonly string[]): boolean {
  const into = targets.get(id)
  return into !== undefined && (wanted.some((name) => into.has(name)) || (into.has('sh') && wanted.includes('bash')))
}

function namesOf(names: string | readonly string[]): readonly string[] {
  return [...new Set((typeof names === 'string' ? [names] : names).map((name) => name.toLowerCase()))]
}

function shownCommand({program, args, wrappers}: RunCommand): string {
  const words = shown([program, ...args.map(({text}) => text)].join(' '))
  const line = words.length > 80 ? `${words.slice(0, 79)}…` : words
  return wrappers.length === 0 ? `"${line}"` : `"${line}" by way of ${wrappers.slice(0, 4).join(', ')}`
}

export interface CommandLine {
  commands: Array<{program: string; args: string[]; wrappers: string[]}>
  understood: boolean
  reasons: string[]
}

/** Every command that a line may run, those inside others too; unknown pieces of arguments are shown as `…`. */
export function commandsOf(commandLine: string): CommandLine {
  const {commands, doubts} = analyse(commandLine)
  const seen = new Map<string, CommandLine['commands'][number]>()
  for (const {program, args, wrappers} of commands) {
    if (program === redirection) continue
    const command = {program, args: args.map(({text}) => shown(text)), wrappers: [...wrappers]}
    seen.set(JSON.stringify(command), command)
  }
  return {commands: [...seen.values()], understood: doubts.length === 0, reasons: [...doubts]}
}
