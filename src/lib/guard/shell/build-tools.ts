import type {Call, Runner} from './call.ts'
import {deletesTrees, runsPrograms} from './code.ts'
import {contentOf, isStandardInput, isWritten} from './files.ts'
import {readOptions} from './options.ts'
import {runScript} from './run-script.ts'
import {addCommand, doubt, type Shell} from './shell.ts'
import {Made, plain} from './text.ts'

/** Compilers, and programs that run rules from a file. */
export const buildTools: Readonly<Record<string, Runner>> = {
  ...runnersFor('gcc cc g++ c++ clang clang++ tcc rustc go zig nim javac java', runCompiler),
  ...runnersFor('make gmake just rake task ninja ant gradle', runMake),
}

function runnersFor(names: string, runner: Runner): Record<string, Runner> {
  return Object.fromEntries(names.split(' ').map((name) => [name, runner]))
}

/** Code that deletes a folder with all that is in it counts as `rm -rf` of something. */
export function noteTreeDeletion(shell: Shell, by: string): void {
  const args = ['-r', '-f', Made].map(plain)
  addCommand(shell, {program: 'rm', args, wrappers: [...shell.wrappers, by]})
}

/** What a compiler is given: on its input, or in a file that the line wrote. */
function runCompiler(shell: Shell, {name, args, stdin}: Call): undefined {
  const written = args.filter(({text}) => isWritten(shell, text)).map(({text}) => contentOf(shell, text))
  const codes = stdin !== undefined && args.some(({text}) => isStandardInput(text)) ? [...written, stdin] : written
  for (const {text, from} of codes) {
    if (from.size > 0) shell.flows.push({into: name, from})
    if (text.includes(Made) || runsPrograms('other', text))
      doubt(shell, `${name} is given code that may start programs`)
    if (deletesTrees(text)) noteTreeDeletion(shell, name)
  }
}

const ruleFiles =
  'Makefile makefile GNUmakefile justfile Justfile .justfile Rakefile rakefile Taskfile.yml Taskfile.yaml build.ninja build.xml'.split(
    ' ',
  )

/** Rules that the line itself brings along are not followed. */
function runMake(shell: Shell, {name: program, args, stdin}: Call): undefined {
  const files = readOptions(args, {
    short: 'fCIjlotd',
    long: 'file makefile directory justfile rakefile taskfile init-script buildfile',
    permute: true,
  }).values
  const named = files.filter(({name}) => /^(?:[fIt]|\w*file|init-script)$/.test(name)).map(({value}) => value.text)
  const isWrittenHere = [...ruleFiles, ...named].some((file) => isWritten(shell, file))
  const readsInput = stdin !== undefined && named.some(isStandardInput)
  if (isWrittenHere || readsInput) doubt(shell, `${program} runs rules that the line itself writes`)
  if (args.some(({text}) => /^(?:--eval|-E|--shell|SHELL=)|\$\(shell/.test(text)))
    doubt(shell, `${program} runs rules that stand in the line`)
  for (const {text, from} of args) {
    const [, tool] = /^(?:CC|CXX|CPP|LD|AR|AS|RM|INSTALL)=([\s\S]*)$/.exec(text) ?? []
    if (tool !== undefined) runScript(shell, {script: {text: tool, from}, stdin: undefined, into: program})
  }
}
