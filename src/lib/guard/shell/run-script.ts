import {type ParsedScript, parse} from 'unbash'
import {doubt, maybe, type Shell, spend, type Value, within, withPositional} from './shell.ts'
import {empty, FromFile, join, Made, Outside, plain, type Text} from './text.ts'

export interface ScriptRun {
  script: Text
  /** What the script's own commands read. */
  stdin: Text | undefined
  /** The program that runs it: `bash`, `ssh`, and `sh` for the shell at hand (`eval`, `source`). */
  into: string
  /** `$1` and so on; those at hand unless given. */
  positional?: Value
  /** `$0`, likewise. */
  zero?: Text
}

/** Each here-document makes the parser look at the rest of the text again. */
const hereDocLimit = 100

/** Follows text that a shell runs; the result is what it prints. */
export function runScript(shell: Shell, {script, stdin, into, positional, zero}: ScriptRun): Text {
  if (script.from.size > 0) shell.flows.push({into, from: script.from})
  const text = script.text.trim()
  if (text === '') return empty
  // A script in a file is a program like any other: what it does is not in the line.
  if (text === FromFile) return {text: Outside, from: script.from}
  if (text === Outside || text.includes(Made)) doubt(shell, `${into} runs text that is not in the line`)
  if (text === Outside || text === Made) return {text: Made, from: script.from}
  const parsed = parseScript(shell, script.text)
  if (parsed === undefined) return plain(Made)
  const outerZero = shell.zero
  shell.zero = zero ?? outerZero
  try {
    const run = () =>
      withPositional(shell, positional, () => within(shell, into, () => shell.runParsed(shell, parsed, stdin)))
    // Another shell's variables are its own.
    const output = into === 'sh' ? run() : maybe(shell, run)
    return join([output, {text: '', from: script.from}])
  } finally {
    shell.zero = outerZero
  }
}

/** Follows text in which a shell expands `$` and backticks once more: prompts, list elements in sums. */
export function expandAgain(shell: Shell, {text, from}: Text): void {
  runScript(shell, {script: {text: `: "${text}"`, from}, stdin: undefined, into: 'sh'})
}

/** A list element whose index holds a substitution: wherever a sum is expected, as in `$((x))`, it is run. */
const indexed = /\w\[[^[\]]{0,200}(?:\$\(|`)/

/** Follows text that is run if it comes into a sum: `x='a[$(rm f)]'; echo $((x))`. */
export function runAsSum(shell: Shell, text: Text): void {
  if (text.text.includes('[') && indexed.test(text.text)) expandAgain(shell, text)
}

/** Parses a script, or says why not. Faults are left to who runs it. */
export function parseScript(shell: Shell, source: string): ParsedScript | undefined {
  spend(shell, 1 + source.length / 32)
  if (source.split('<<', hereDocLimit + 2).length - 1 <= hereDocLimit) return parse(source)
  doubt(shell, 'it has too many here-documents')
  return undefined
}
