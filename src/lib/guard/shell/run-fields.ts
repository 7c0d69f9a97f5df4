import {argumentCommands} from './argument-commands.ts'
import {aliasScript, builtins, declarations, runDeclaration} from './builtins.ts'
import {type Call, type Runner, someOutput} from './call.ts'
import {runCarried} from './carried-commands.ts'
import {baseName, contentOf, isWritten} from './files.ts'
import {interpreterRunner, isShell, readers} from './interpreters.ts'
import {readOptions} from './options.ts'
import {printers} from './outputs.ts'
import {runAsSum, runScript} from './run-script.ts'
import {doubt, type Field, type Shell, spend, within} from './shell.ts'
import {empty, isKnown, join, Made, plain, type Text, withoutOutside} from './text.ts'
import {wrapperRunner} from './wrap.ts'

/** Calls of functions inside functions that are followed. */
const callLimit = 8

/**
 * Runs words as a command, and once more as they are if all that is set outside is empty: `$X sudo ls` and `r${X}m`
 * are meant to be read so.
 */
export function runFields(shell: Shell, fields: readonly Field[], stdin: Text | undefined): Text {
  spend(shell, 1 + fields.length)
  const output = runReading(shell, fields, stdin)
  const reduced = fields.flatMap((field): Field[] => {
    const text = withoutOutside(field.text)
    return text === '' && field.mayVanish ? [] : [text === field.text ? field : {...field, text}]
  })
  const isSame = reduced.length === fields.length && reduced.every((field, index) => field === fields[index])
  return isSame ? output : join([output, {text: '', from: runReading(shell, reduced, stdin).from}])
}

function runReading(shell: Shell, [first, ...args]: readonly Field[], stdin: Text | undefined): Text {
  if (first === undefined || first.text === '') return empty
  const raw = baseName(first.text)
  if (!isKnown(raw) || (first.isGlob && raw !== '[')) {
    doubt(shell, 'the name of a program is not in the line')
    if (first.from.size > 0) shell.flows.push({into: 'sh', from: first.from})
    return plain(Made)
  }
  const name = raw.toLowerCase()
  const call: Call = {name, args, stdin, id: shell.commands.length}
  shell.commands.push({program: name, args, wrappers: shell.wrappers})
  const named = runNamed(shell, call, raw, first)
  if (named !== undefined) return named
  const runner = runnerOf(name)
  if (stdin !== undefined && stdin.from.size > 0 && !runsInput(name)) shell.flows.push({into: name, from: stdin.from})
  if (shell.hasOptionFile && args.some(({text, isGlob}) => isGlob && /^[*?[]/.test(text)))
    doubt(shell, 'a pattern of file names may stand for an option')
  runCarried(shell, call)
  if (takesNames.has(name)) for (const text of args) runAsSum(shell, text)
  return runner?.(shell, call) ?? someOutput(call)
}

/** What the line itself gave a meaning to: aliases, functions, files that it wrote. */
function runNamed(shell: Shell, call: Call, raw: string, first: Field): Text | undefined {
  const {args, stdin, id} = call
  const alias = shell.aliases.get(raw)
  if (alias !== undefined && !shell.wrappers.includes(`alias ${raw}`)) {
    return within(shell, `alias ${raw}`, () => runScript(shell, {script: aliasScript(alias, args), stdin, into: 'sh'}))
  }
  if (shell.functions.has(raw) && shell.wrappers.length < callLimit && !shell.wrappers.includes(`function ${raw}`)) {
    shell.calledFunctions.add(raw)
    const output = within(shell, `function ${raw}`, () => shell.runFunction(shell, raw, args, stdin))
    return join([output, {text: '', from: new Set([id])}])
  }
  if (!isWritten(shell, first.text) || shell.wrappers.includes(`file ${raw}`)) return undefined
  const script = contentOf(shell, first.text)
  return within(shell, `file ${raw}`, () => runScript(shell, {script, stdin, into: 'sh', positional: args}))
}

/** What takes names of variables: one of them may be a list element. */
const takesNames = new Set('let test [ printf read unset mapfile readarray getopts wait'.split(' '))

const tables = [builtins, argumentCommands, readers, printers]

function runnerOf(name: string): Runner | undefined {
  if (declarations.has(name)) return runDeclaration
  const found = tables.filter((table) => Object.hasOwn(table, name)).map((table) => table[name]!)
  const runners = [...found, wrapperRunner(name) ?? loaderRunner(name), interpreterRunner(name)].filter(
    (runner) => runner !== undefined,
  )
  if (runners.length < 2) return runners[0]
  return (shell, call) => {
    for (const runner of runners) {
      const output = runner(shell, call)
      if (output !== undefined) return output
    }
    return undefined
  }
}

/** The dynamic loader starts the program it is given. */
function loaderRunner(name: string): Runner | undefined {
  if (!/^ld-(?:linux|musl)[\w.-]*\.so[.\d]*$|^ld\.so$/.test(name)) return undefined
  return (shell, {args, stdin}) =>
    within(shell, name, () =>
      shell.runFields(shell, readOptions(args, {long: 'library-path preload audit argv0'}).operands, stdin),
    )
}

/** Programs for which input is code note for themselves what flows into them. */
function runsInput(name: string): boolean {
  return isShell(name) || interpreterRunner(name) !== undefined
}

/** Whether a program does nothing but its own work, so that the order of its arguments does not matter here. */
export function isPlainProgram(shell: Shell, path: string): boolean {
  const raw = baseName(path)
  return (
    isKnown(raw) && runnerOf(raw.toLowerCase()) === undefined && !shell.aliases.has(raw) && !shell.functions.has(raw)
  )
}
