import type {ShellCondition} from '../schema.ts'
import type {CompileShell, ShellMatcher} from '../shell-condition.ts'
import {type Analysis, analyse} from './analyse.ts'
import {compileArgument, type Fit, worst} from './arguments.ts'
import type {RunCommand} from './shell.ts'
import {shown} from './text.ts'

/**
 * Compiles `when.shell`. A command line matches if it runs one of the programs, wherever it stands in it (pipes,
 * lists, substitutions, here-documents, wrappers such as sudo, xargs and `bash -c`), with all of `args` among the
 * arguments; and, if `pipedInto` is given, what the program prints goes into one of those, as code where they run
 * code. `understood` is false where the line does or may do something that cannot be told from it.
 */
export const compileShell: CompileShell = (condition) => createShellCompiler()(condition)

/** The same for several conditions: they share the reading of one line. */
export function createShellCompiler(): CompileShell {
  let last: {line: string; analysis: Analysis} | undefined
  const read = (line: string): Analysis => {
    if (last?.line !== line) last = {line, analysis: analyse(line)}
    return last.analysis
  }
  return (condition) => {
    const judge = compileCondition(condition)
    return (line) => judge(read(line))
  }
}

function compileCondition(condition: ShellCondition): (analysis: Analysis) => ReturnType<ShellMatcher> {
  const programs = namesOf(condition.program)
  const tests = (condition.args ?? []).map(compileArgument)
  const targets = condition.pipedInto === undefined ? undefined : namesOf(condition.pipedInto)
  return ({commands, flows, doubts}) => {
    let doubtful: string | undefined
    for (const [id, command] of commands.entries()) {
      if (!programs.has(command.program)) continue
      if (targets !== undefined && !flows.some(({into, from}) => from.has(id) && isTarget(targets, into))) continue
      const fit: Fit = worst(tests.map((test) => test(command)))
      if (fit === 'yes') return {matched: true, understood: true, why: `it runs ${shownCommand(command)}`}
      if (fit === 'maybe') doubtful ??= `what ${shownCommand(command)} is given cannot be told from the line`
    }
    const why = doubts[0] ?? doubtful
    return why === undefined ? {matched: false, understood: true} : {matched: false, understood: false, why}
  }
}

/** The shell that reads the line is a shell like those it starts. */
function isTarget(targets: ReadonlySet<string>, into: string): boolean {
  return targets.has(into) || (into === 'sh' && targets.has('bash'))
}

function namesOf(names: string | readonly string[]): ReadonlySet<string> {
  return new Set((typeof names === 'string' ? [names] : names).map((name) => name.toLowerCase()))
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
    const command = {program, args: args.map(({text}) => shown(text)), wrappers: [...wrappers]}
    seen.set(JSON.stringify(command), command)
  }
  return {commands: [...seen.values()], understood: doubts.length === 0, reasons: [...doubts]}
}
