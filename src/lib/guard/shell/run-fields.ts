import {argumentCommands} from './argument-commands.ts'
import {buildTools} from './build-tools.ts'
import {aliasScript, builtins, declarations, runDeclaration} from './builtins.ts'
import {type Call, type Runner, someOutput} from './call.ts'
import {runCarried} from './carried-commands.ts'
import {baseName, contentsOf, isWritten} from './files.ts'
import {handsOnMore, runHandedOn} from './handed-on.ts'
import {interpreterRunner, isShell, readers} from './interpreters.ts'
import {readOptions} from './options.ts'
import {printers} from './outputs.ts'
import {runAsSum, runScript} from './run-script.ts'
import {addCommand, doubt, type Field, maybe, type Shell, spend, within} from './shell.ts'
import {empty, isKnown, join, Made, plain, type Text, withoutOutside} from './text.ts'
import {wrapperRunner} from './wrap.ts'

/** The program that runs the line, by its process. */
const runningShell = /^\/proc\/[^/]+\/exe$/
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
  return isSame ? output : join([output, {text: '', from: maybe(shell, () => runReading(shell, reduced, stdin)).from}])
}

function runReading(shell: Shell, [first, ...args]: readonly Field[], stdin: Text | undefined): Text {
  if (first === undefined || first.text === '') return empty
  const raw = baseName(first.text)
  if (!isKnown(raw) || (first.isGlob && raw !== '[')) {
    doubt(shell, 'the name of a program is not in the line')
    if (first.from.size > 0) shell.flows.push({into: 'sh', from: first.from})
    return plain(Made)
  }
  // zsh: `=rm` is where rm is. npx: `openclaw@latest` is that program in some version.
  const name = runningShell.test(first.text)
    ? 'sh'
    : raw
        .toLowerCase()
        .replace(/\.exe$/, '')
        .replace(/^=(?=\w)/, '')
        .replace(/(?<=\w)@[\w.^~-]+$/, '')
  const call: Call = {name, args, stdin, id: shell.commands.length}
  addCommand(shell, {program: name, args, wrappers: shell.wrappers})
  const named = runNamed(shell, call, raw, first)
  if (named !== undefined) return named
  const runner = runnerOf(name)
  if (stdin !== undefined && stdin.from.size > 0 && !runsInput(name)) shell.flows.push({into: name, from: stdin.from})
  if (shell.hasOptionFile && args.some(({text, isGlob}) => isGlob && /^[*?[]/.test(text)))
    doubt(shell, 'a pattern of file names may stand for an option')
  runCarried(shell, call)
  if (takesNames.has(name)) for (const text of args) runAsSum(shell, text)
  const output = runner?.(shell, call)
  if (output !== undefined) return output
  const mayHandOn = runner === undefined || handsOnMore.has(name)
  return (mayHandOn ? runHandedOn(shell, call) : undefined) ?? someOutput(call)
}

/** What the line itself gave a meaning to: aliases, functions, files that it wrote. */
function runNamed(shell: Shell, call: Call, raw: string, first: Field): Text | undefined {
  const {args, stdin, id} = call
  const aliases = (shell.aliases.get(raw) ?? []).filter((alias) => !shell.aliasing.includes(`${raw}=${alias}`))
  if (aliases.length > 0) return join(aliases.map((alias) => runAlias(shell, call, raw, alias)))
  const called = shell.functions.has(raw) ? callFunction(shell, call, raw) : undefined
  if (called !== undefined) return join([called, {text: '', from: new Set([id])}])
  if (!isWritten(shell, first.text) || shell.wrappers.includes(`file ${raw}`)) return undefined
  const scripts = contentsOf(shell, first.text)
  return within(shell, `file ${raw}`, () =>
    join(scripts.map((script) => runScript(shell, {script, stdin, into: 'sh', positional: args}))),
  )
}

/** An alias does not stand for itself inside itself, unless it is made anew there. */
function runAlias(shell: Shell, {args, stdin}: Call, name: string, alias: string): Text {
  const outer = shell.aliasing
  shell.aliasing = [...outer, `${name}=${alias}`]
  try {
    return within(shell, `alias ${name}`, () => runScript(shell, {script: aliasScript(alias, args), stdin, into: 'sh'}))
  } finally {
    shell.aliasing = outer
  }
}

/** Not if the function calls itself with nothing new. */
function callFunction(shell: Shell, {args, stdin}: Call, name: string): Text | undefined {
  const key = [name, ...args.map(({text}) => text)].join('\0')
  if (shell.calls.includes(key)) return undefined
  if (shell.calls.length >= callLimit) {
    doubt(shell, 'functions call functions too deep to follow')
    return undefined
  }
  const outer = shell.calls
  shell.calls = [...outer, key]
  shell.calledFunctions.add(name)
  try {
    return within(shell, `function ${name}`, () => shell.runFunction(shell, name, args, stdin))
  } finally {
    shell.calls = outer
  }
}

/** What takes names of variables: one of them may be a list element. */
const takesNames = new Set('let test [ printf read unset mapfile readarray getopts wait'.split(' '))

const tables = [builtins, argumentCommands, readers, buildTools, printers]

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

/** The dynamic loader and emulators start the program they are given. */
function loaderRunner(name: string): Runner | undefined {
  if (!/^ld-(?:linux|musl)[\w.-]*\.so[.\d]*$|^ld\.so$|^qemu-\w+(?:-static)?$/.test(name)) return undefined
  const options = {short: 'LgECUs0B', long: 'library-path preload audit argv0'}
  return (shell, {args, stdin}) =>
    within(shell, name, () => shell.runFields(shell, readOptions(args, options).operands, stdin))
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
