import type {Field} from './shell.ts'

/** Which of a program's options take the next word as their value. */
export interface OptionSpec {
  /** Letters of short options. */
  short?: string
  /** Long options, with blanks between. */
  long?: string
  /** Instead of `long`: the long options that take no value; all others do. */
  longWithout?: string
  /** Options may stand behind operands. */
  permute?: boolean
}

export interface ReadOptions {
  /** Options with values, as `c` or `command`, in the order they stand. */
  values: Array<{name: string; value: Field}>
  /** Options without. */
  flags: Set<string>
  operands: Field[]
}

/** Reads options as getopt does: clusters, attached values, `--long=value`, abbreviated long names, `--`. */
export function readOptions(args: readonly Field[], spec: OptionSpec): ReadOptions {
  const read: ReadOptions = {values: [], flags: new Set(), operands: []}
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!
    if (word.text === '--') {
      read.operands.push(...args.slice(at + 1))
      break
    }
    if (!/^-./.test(word.text)) {
      read.operands.push(word)
      if (spec.permute) continue
      read.operands.push(...args.slice(at + 1))
      break
    }
    const next = args[at + 1]
    if (word.text.startsWith('--') ? readLong(read, word, next, spec) : readCluster(read, word, next, spec)) at++
  }
  return read
}

/** Whether it took the next word as its value. */
function readLong(read: ReadOptions, word: Field, next: Field | undefined, spec: OptionSpec): boolean {
  const equals = word.text.indexOf('=')
  const name = word.text.slice(2, equals < 0 ? undefined : equals)
  const known = spec.long?.split(' ') ?? []
  const full = known.includes(name)
    ? name
    : (known.find((candidate) => name !== '' && candidate.startsWith(name)) ?? name)
  if (equals >= 0) {
    read.values.push({name: full, value: {...word, text: word.text.slice(equals + 1)}})
    return false
  }
  const takesValue = spec.longWithout === undefined ? known.includes(full) : !spec.longWithout.split(' ').includes(name)
  if (!takesValue || next === undefined) {
    read.flags.add(full)
    return false
  }
  read.values.push({name: full, value: next})
  return true
}

function readCluster(read: ReadOptions, word: Field, next: Field | undefined, {short = ''}: OptionSpec): boolean {
  for (let at = 1; at < word.text.length; at++) {
    const letter = word.text[at]!
    if (!short.includes(letter)) {
      read.flags.add(letter)
      continue
    }
    const attached = word.text.slice(at + 1)
    if (attached !== '') read.values.push({name: letter, value: {...word, text: attached}})
    else if (next !== undefined) read.values.push({name: letter, value: next})
    return attached === '' && next !== undefined
  }
  return false
}
