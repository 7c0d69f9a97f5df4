import type {Call, Runner} from './call.ts'
import {runEnvironmentCommand} from './carried-commands.ts'
import {readOptions} from './options.ts'
import {runScript} from './run-script.ts'
import {doubt, type Field, type Shell, within} from './shell.ts'
import {isKnown, join, plain, type Text} from './text.ts'
import {assign, isVariableName} from './variables.ts'
import {type Nest, type Wrapper, wrappers} from './wrappers.ts'

/** Wrappers in front of each other that are followed. */
const wrapperLimit = 24

export function wrapperRunner(name: string): Runner | undefined {
  const wrapper = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined
  return wrapper && ((shell, call) => runUnder(shell, call, wrapper, call.args))
}

function runUnder(shell: Shell, call: Call, wrapper: Wrapper | Nest, args: readonly Field[]): Text | undefined {
  if (!('under' in wrapper)) return runWrapper(shell, call, wrapper, args)
  const [subcommand, ...rest] = readOptions(args, wrapper).operands
  if (subcommand === undefined) return undefined
  if (!isKnown(subcommand.text)) doubt(shell, `the subcommand of ${call.name} is not known`)
  const inner = Object.hasOwn(wrapper.under, subcommand.text) ? wrapper.under[subcommand.text] : undefined
  return inner && runUnder(shell, call, inner, rest)
}

function runWrapper(shell: Shell, call: Call, wrapper: Wrapper, args: readonly Field[]): Text | undefined {
  if (shell.wrappers.length > wrapperLimit) {
    doubt(shell, 'it has too many wrappers in front of each other')
    return undefined
  }
  const {stdin, name} = call
  const {scripts, command} = readWrapper(shell, call, wrapper, args)
  const outputs = scripts.map((script) => runScript(shell, {script, stdin, into: name}))
  if (command.length > 0 && !wrapper.onlyScripts) {
    if (wrapper.joins) outputs.push(runScript(shell, {script: join(command, ' '), stdin, into: name}))
    else outputs.push(within(shell, name, () => shell.runFields(shell, command, stdin)))
  } else if (outputs.length === 0 && wrapper.shell && stdin !== undefined) {
    outputs.push(runScript(shell, {script: stdin, stdin: undefined, into: name}))
  }
  return outputs.length === 0 ? undefined : join(outputs)
}

/** The command lines among a wrapper's options, and the words that are the command it starts. */
function readWrapper(
  shell: Shell,
  {name}: Call,
  wrapper: Wrapper,
  args: readonly Field[],
): {scripts: Text[]; command: Field[]} {
  const scriptOptions = wrapper.scripts?.split(' ') ?? []
  const before = readOptions(args, wrapper)
  const own = wrapper.operands ?? 0
  // Some take options behind their own words too: `ssh host -p 22 ls`, `flock file -c 'ls'`.
  const hasMore =
    own > 0 && !wrapper.permute && wrapper.program === undefined && before.operands[own]?.text.startsWith('-')
  const after = hasMore ? readOptions(before.operands.slice(own), wrapper) : undefined
  let command = after?.operands ?? before.operands.slice(own)
  const options = [...before.values, ...(after?.values ?? [])]
  const values = options.filter((option) => scriptOptions.includes(option.name))
  const program = options.findLast((option) => option.name === wrapper.program)?.value
  if (program !== undefined) command = [program, ...command]
  if (wrapper.assignments) command = withoutAssignments(shell, command)
  if (name === 'env' && values.length > 0)
    return {scripts: [join(splitString(args, values[0]!.value), ' ')], command: []}
  return {scripts: values.map(({value}) => value), command}
}

/** `env -S 'rm' -rf /`: all that stands behind is of the command, its options too. */
function splitString(args: readonly Field[], value: Field): Field[] {
  const at = args.findIndex(({text}) => text === value.text || (/^-/.test(text) && text.endsWith(value.text)))
  return [value, ...args.slice(at + 1)]
}

/** `NAME=value` in front of a command, and the lone `-` of `env -`. */
function withoutAssignments(shell: Shell, words: readonly Field[]): Field[] {
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at]!
    const equals = word.text.indexOf('=')
    if (word.text !== '-' && equals <= 0) break
    if (equals < 0) continue
    const name = word.text.slice(0, equals)
    const value = {text: word.text.slice(equals + 1), from: word.from}
    if (isVariableName(name)) assign(shell, name, [[value]])
    // How bash hands a function on to the shells it starts.
    const handed = /^BASH_FUNC_(.+)(?:%%|\(\))$/.exec(name)?.[1]
    if (handed !== undefined)
      runScript(shell, {script: join([plain(`${handed} `), value]), stdin: undefined, into: 'sh'})
    runEnvironmentCommand(shell, word)
  }
  return words.slice(at)
}
