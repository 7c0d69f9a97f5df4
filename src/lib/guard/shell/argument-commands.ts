import {noteTreeDeletion} from './build-tools.ts'
import {type Call, type Runner, someOutput, wordsOf} from './call.ts'
import {contentOf} from './files.ts'
import {readOptions} from './options.ts'
import {runScript} from './run-script.ts'
import {doubt, type Field, type Shell, within} from './shell.ts'
import {isKnown, join, Made, nobody, plain, type Text, unknownLike} from './text.ts'

/** Words taken from a known input that are followed. */
const inputLimit = 16

/** Programs that put a command together from their arguments and what they read. */
export const argumentCommands: Readonly<Record<string, Runner>> = {
  find: runFind,
  gfind: runFind,
  fd: runFd,
  fdfind: runFd,
  xargs: runXargs,
  gxargs: runXargs,
  parallel: runParallel,
  env_parallel: runParallel,
  rush: runParallel,
  sem: runParallel,
  tmux: runTmux,
  nix: runAfter(/^(?:-c|--command|--)$/),
  lldb: runAfter(/^--$/),
  launchctl: runAfter(/^--$/),
  cmd: (shell, {name, args, stdin}) => {
    const at = args.findIndex(({text}) => /^\/[ckr]$/i.test(text))
    return at < 0 ? undefined : runScript(shell, {script: wordsOf(args.slice(at + 1)), stdin, into: name})
  },
  // Windows: /s takes folders with all that is in them.
  rmdir: deleteFolder,
  rd: deleteFolder,
  del: deleteFolder,
  erase: deleteFolder,
  cmake: (shell, call) => {
    const [mode, tool, ...rest] = call.args
    if (mode?.text !== '-E' || tool === undefined) return undefined
    if (tool.text === 'remove_directory') noteTreeDeletion(shell, 'cmake')
    return within(shell, 'cmake', () => shell.runFields(shell, [tool, ...rest], call.stdin))
  },
  screen: (shell, call) => {
    const {operands, values} = readOptions(call.args, {short: 'cehpSTtX'})
    const stuffed = values.some(({name, value}) => name === 'X' && value.text === 'stuff')
    if (stuffed) return runScript(shell, {script: wordsOf(operands), stdin: undefined, into: 'screen'})
    return operands.length === 0
      ? undefined
      : within(shell, 'screen', () => shell.runFields(shell, operands, undefined))
  },
}

function deleteFolder(shell: Shell, {name, args}: Call): undefined {
  if (args.some(({text}) => /^\/s$/i.test(text))) noteTreeDeletion(shell, name)
}

/** `-exec command {} ;` and its relatives, each of them. */
function runFind(shell: Shell, call: Call): Text {
  const outputs = [someOutput(call)]
  for (let at = 0; at < call.args.length; at++) {
    if (!/^-(?:exec|ok)(?:dir)?$/.test(call.args[at]!.text)) continue
    const tail = call.args.slice(at + 1)
    const end = tail.findIndex(({text}, index) => text === ';' || (text === '+' && tail[index - 1]?.text === '{}'))
    outputs.push(runWith(shell, call, end < 0 ? tail : tail.slice(0, end), '{}', [unknownNames(call)]))
  }
  return join(outputs)
}

function runFd(shell: Shell, call: Call): Text {
  const at = call.args.findIndex(({text}) => /^(?:-x|-X|--exec|--exec-batch)$/.test(text))
  const output = someOutput(call)
  return at < 0 ? output : join([output, runWith(shell, call, call.args.slice(at + 1), '{}', [unknownNames(call)])])
}

/** Programs whose command stands behind a word of theirs. */
function runAfter(mark: RegExp): Runner {
  return (shell, {name, args, stdin}) => {
    const at = args.findIndex(({text}) => mark.test(text))
    return at < 0 ? undefined : within(shell, name, () => shell.runFields(shell, args.slice(at + 1), stdin))
  }
}

function unknownNames(call: Call): Field {
  return unknownLike({text: '\uFDD0', from: someOutput(call).from})
}

/** Runs the command with each input put in the place of `mark`. */
function runWith(
  shell: Shell,
  {name, stdin}: Call,
  command: readonly Field[],
  mark: string,
  inputs: readonly Text[],
): Text {
  const outputs = inputs.slice(0, inputLimit).map((input) => {
    const fields = command.map((word) =>
      word.text.includes(mark)
        ? {...word, text: word.text.replaceAll(mark, input.text), from: join([word, input]).from}
        : word,
    )
    return within(shell, name, () => shell.runFields(shell, fields, stdin))
  })
  return join(outputs)
}

const xargsOptions = {
  short: 'adEILnPsS',
  long: 'arg-file delimiter max-lines max-args max-procs max-chars process-slot-var',
}

function runXargs(shell: Shell, call: Call): Text {
  const {values, flags, operands} = readOptions(call.args, xargsOptions)
  const optionValue = (...names: string[]) => values.findLast(({name}) => names.includes(name))?.value.text
  const file = optionValue('a', 'arg-file')
  const input = file === undefined ? (call.stdin ?? plain(Made)) : contentOf(shell, file)
  const mark = optionValue('I', 'replace') ?? (flags.has('i') || flags.has('replace') ? '{}' : undefined)
  const separator = flags.has('0') || flags.has('null') ? '\0' : optionValue('d', 'delimiter')
  const inputs = inputWords(input, mark === undefined ? separator : (separator ?? '\n'))
  const inner = {...call, stdin: undefined}
  if (operands.length === 0) return join(inputs, ' ')
  if (mark !== undefined) return runWith(shell, inner, operands, mark, inputs)
  return within(shell, 'xargs', () =>
    shell.runFields(shell, [...operands, ...inputs.map((text) => ({...text}))], undefined),
  )
}

/** The words of an input that is known, or one unknown word for all of them. */
function inputWords(input: Text, separator: string | undefined): Text[] {
  if (!isKnown(input.text)) return [unknownLike(input)]
  const words =
    separator === undefined
      ? Array.from(input.text.matchAll(/(?:"[^"]*"|'[^']*'|\\[\s\S]|[^\s"'\\])+/g), ([word]) =>
          word.replace(/"([^"]*)"|'([^']*)'|\\([\s\S])/g, '$1$2$3'),
        )
      : input.text
          .split(separator.length > 1 ? separator.replace('\\n', '\n').replace('\\0', '\0') : separator)
          .map((word) => word.replace(/\n$/, ''))
  return words
    .filter((word) => word !== '')
    .slice(0, 256)
    .map((text) => ({text, from: input.from}))
}

/** GNU parallel: the command's words, `:::`, and what to put into them. */
function runParallel(shell: Shell, call: Call): Text {
  const at = call.args.findIndex(({text}) => /^:::+\+?$/.test(text))
  const own = at < 0 ? call.args : call.args.slice(0, at)
  const {operands} = readOptions(own, {
    short: 'jaNnLlPSIsCdXxE',
    long: 'jobs arg-file max-args max-replace-args sshlogin colsep delay timeout results joblog tmpdir workdir retries halt env basefile return delimiter profile load memfree nice',
  })
  const inputs =
    at >= 0
      ? call.args.slice(at + 1).filter(({text}) => !/^:::+\+?$/.test(text))
      : inputWords(call.stdin ?? plain(Made), '\n')
  const command = join(operands, ' ')
  const scripts = inputs.slice(0, inputLimit).map((input) => scriptWith(command, input))
  return runScript(shell, {script: join(scripts, '\n'), stdin: undefined, into: 'parallel'})
}

function scriptWith(command: Text, input: Text): Text {
  if (command.text === '') return input
  const quoted = `'${input.text.replaceAll("'", "'\\''")}'`
  const text = /\{\d*[./]*\}/.test(command.text)
    ? command.text.replace(/\{\d*[./]*\}/g, () => quoted)
    : `${command.text} ${quoted}`
  return {text, from: join([command, input]).from}
}

const tmuxKeys = /^(?:Enter|C-m|C-j|KPEnter)$/

/** `tmux new 'command'`, `tmux send-keys 'command' Enter`; several of its commands stand between `;`. */
function runTmux(shell: Shell, call: Call): Text | undefined {
  let rest = readOptions(call.args, {short: 'cfLST'}).operands
  while (rest.length > 0) {
    const end = rest.findIndex(({text}) => text === ';')
    const [verb, ...args] = end < 0 ? rest : rest.slice(0, end)
    rest = end < 0 ? [] : rest.slice(end + 1)
    if (
      verb === undefined ||
      !/^(?:new|neww|new-(?:session|window)|split-window|splitw|respawn-(?:pane|window)|respawn[pw]|run|run-shell|if|if-shell|popup|display-popup|pipe-pane|pipep|send|send-keys)$/.test(
        verb.text,
      )
    )
      continue
    const isKeys = verb.text.startsWith('send')
    const {operands} = readOptions(args, {short: isKeys ? 'tNc' : 'bcdeEFhlnpstTwxyS'.replace(/[bdEh]/g, '')})
    const words = isKeys
      ? operands.map((word) => (tmuxKeys.test(word.text) ? {text: '\n', from: nobody} : word))
      : operands
    for (const script of isKeys ? [join(words, ' ')] : [...words, join(words, ' ')])
      runScript(shell, {script, stdin: undefined, into: 'tmux'})
    if (!isKnown(join(words).text)) doubt(shell, 'tmux runs text that is not in the line')
  }
  return undefined
}
