import type {Call} from './call.ts'
import {baseName} from './files.ts'
import {isShell} from './interpreters.ts'
import {runScript} from './run-script.ts'
import {type Field, type Shell, within} from './shell.ts'
import {isKnown, join, type Text} from './text.ts'

/** Programs whose words behind `--`, `run` or `exec` are their own: names of files, tests, tasks. */
const keepsWords = new Set(
  `[ ack act ag apt apt-get basename bazel biome bun bunyan cargo cat chgrp chmod chown cmp code comm cp ctest curl cut deno diff
  dirname dotnet du echo egrep emacs eslint expr fgrep file git glab go grep head helm jest jq just kill less ln ls
  make man md5sum mkdir mocha more mv nano nl node nox npm oxlint paste perl php playwright pnpm pre-commit prettier printf pulumi
  pytest python python3 rg rm rmdir rsync ruby sed seq shellcheck sort stat tail tee terraform test tofu touch tox tr tsc
  tldr uniq vim vitest wc wget yarn yq zgrep`.split(/\s+/),
)

/** These start a package's program by its name, where it is none of their own subcommands. */
const startsByName = new Set(['pnpm', 'yarn', 'bun'])

/** Programs that start others in more ways than the known ones: `vagrant ssh -- command`. */
export const handsOnMore: ReadonlySet<string> = new Set([...startsByName, 'vagrant'])

/** Words behind which many programs have the command that they start. */
const marks = /^(?:--|run|exec|do|x|ssh|rsh|shell)$/
const terminal =
  /^(?:\w*xterm|urxvt|rxvt|st|konsole|alacritty|\w+-terminal(?:-emulator)?|terminator|tilix|wezterm|ghostty)$/
const terminalMarks = /^(?:-e|-x|--|--command|start)$/

/** Words behind a mark that may come before the command: an environment, a version, a host. */
const wordsBefore = 3

/**
 * Follows what a program that is not known starts, going by its words: `railway run rm …`, `zellij run -- rm …`. Where
 * that is no command after all, nothing is lost: it names no program that a rule asks for.
 */
export function runHandedOn(shell: Shell, {name, args, stdin}: Call): Text | undefined {
  if (startsByName.has(name)) {
    const at = args.findIndex(({text}) => !text.startsWith('-'))
    return at < 0 ? undefined : leniently(shell, () => runWords(shell, {name, stdin}, args.slice(at), false))
  }
  if (keepsWords.has(name)) return undefined
  const isTerminal = terminal.test(name)
  const at = args.findIndex((_, index) => (isTerminal ? terminalMarks.test(args[index]!.text) : isMark(args, index)))
  if (at < 0) return undefined
  const isDirect = isTerminal || args[at]!.text === '--'
  const rest = args.slice(at + 1)
  // A word that stands alone is the name of a test or a task; a shell alone reads its input.
  const starts = rest.flatMap(({text}, index) => (/^[^-]/.test(text) && isKnown(text) ? [index] : []))
  const commands = (isDirect ? starts.filter((start) => start === 0) : starts.slice(0, wordsBefore)).filter(
    (start) => start < rest.length - 1 || isShell(baseName(rest[start]!.text)) || /\s/.test(rest[start]!.text),
  )
  const outputs = commands.map((start) =>
    leniently(shell, () => runWords(shell, {name, stdin}, rest.slice(start), isTerminal, isCommandOption(rest, start))),
  )
  return outputs.length === 0 ? undefined : join(outputs)
}

/** A subcommand stands in front, and is no option's value. */
function isMark(args: readonly Field[], index: number): boolean {
  const {text} = args[index]!
  if (text === '--') return true
  return marks.test(text) && index < wordsBefore && !args[index - 1]?.text.startsWith('-')
}

/** `-c 'a command line'`. */
function isCommandOption(words: readonly Field[], at: number): boolean {
  return /^(?:-c|--command|--exec)$/.test(words[at - 1]?.text ?? '')
}

function runWords(
  shell: Shell,
  {name, stdin}: Pick<Call, 'name' | 'stdin'>,
  words: readonly Field[],
  isTerminal: boolean,
  isGiven = false,
): Text {
  const [first] = words
  const isLine = (isTerminal || isGiven) && words.length === 1 && /\s/.test(first!.text)
  if (isLine) return runScript(shell, {script: first!, stdin, into: name})
  return within(shell, name, () => shell.runFields(shell, words, stdin))
}

/** What is only a guess raises no doubt, unless it is a shell that does. */
function leniently(shell: Shell, work: () => Text): Text {
  const before = new Set(shell.doubts)
  const count = shell.commands.length
  const output = work()
  const starts = shell.commands[count]?.program ?? ''
  if (!/^(?:env|sudo|timeout|nice|nohup)$|sh$|^(?:python|node|perl|ruby)/.test(baseName(starts)))
    for (const why of shell.doubts) if (!before.has(why)) shell.doubts.delete(why)
  return output
}
