import {RE2JS} from 're2js'
import {type NeededText, neededTexts} from './pattern-literals.ts'
import {PatternFault, type PatternNode, parsePattern, quoteRune} from './pattern-syntax.ts'

export {PatternFault}

/** A compiled pattern: says whether it occurs anywhere in a text, in time linear to the text's length. */
export interface Pattern {
  readonly source: string
  readonly flags: string
  /** Throws `InputTooLong` above `patternInputLimit`: whoever asks must not take that for a no. */
  test(input: string): boolean
}

/** The longest text (UTF-16 units) a pattern is run on. A needed text that is missing is noticed at any length. */
export const patternInputLimit = 2 * 1024 * 1024

export class InputTooLong extends Error {
  constructor(length: number) {
    super(`a text of ${length} characters is too long for a pattern (at most ${patternInputLimit})`)
  }
}

/** The instructions a compiled pattern may have: more are slow on every call. */
const programLimit = 20_000

/**
 * Compiles a pattern in JavaScript's syntax, without lookaround and back-references, to RE2's automaton: no pattern
 * can hang, whatever the input. Flags: `i`, `m`, `s`. Throws `PatternFault` with the reason.
 */
export function compilePattern(source: string, flags = ''): Pattern {
  const name = `${flags}/${source}`
  const known = compiled.get(name)
  if (known !== undefined) return known
  const pattern = compile(source, flags)
  if (compiled.size >= keptPatterns) compiled.clear()
  compiled.set(name, pattern)
  return pattern
}

/** A policy is checked before it is compiled and may be compiled again: what takes long is done once. */
const compiled = new Map<string, Pattern>()
const keptPatterns = 2000

function compile(source: string, flags: string): Pattern {
  for (const flag of flags)
    if (!'ims'.includes(flag)) throw new PatternFault(`the flag "${flag}" is not known; there are i, m and s`)
  const options = parsePattern(source)
  const dot = flags.includes('s') ? '[\\x00-\\x{10ffff}]' : '[^\\n\\r\\x{2028}\\x{2029}]'
  const re2 = compileRe2(emitOptions(options, dot), flags)
  const needed = flags.includes('i') ? [] : neededTexts(options)
  const plain = flags.includes('i') ? undefined : plainText(options)
  return {source, flags, test: plain === undefined ? tester(re2, needed) : (input) => input.includes(plain)}
}

function compileRe2(re2Source: string, flags: string): RE2JS {
  let mode = 0
  if (flags.includes('i')) mode |= RE2JS.CASE_INSENSITIVE
  if (flags.includes('m')) mode |= RE2JS.MULTILINE
  let re2: RE2JS
  try {
    re2 = RE2JS.compile(re2Source, mode)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error)
    throw new PatternFault(reason, {cause: error})
  }
  if (re2.programSize() > programLimit)
    throw new PatternFault(`it is too large (${re2.programSize()} steps, at most ${programLimit})`)
  return re2
}

function tester(re2: RE2JS, needed: readonly NeededText[]): (input: string) => boolean {
  const run = (input: string): boolean => {
    if (input.length > patternInputLimit) throw new InputTooLong(input.length)
    return re2.test(input)
  }
  if (needed.length === 0) return run
  const [first, ...others] = needed
  const goOn =
    others.length === 0 ? run : (input: string) => others.every((texts) => hasOneOf(input, texts)) && run(input)
  const [only] = first!
  // Nearly every call ends here.
  if (first!.length === 1) return (input) => input.includes(only!) && goOn(input)
  return (input) => hasOneOf(input, first!) && goOn(input)
}

function hasOneOf(input: string, texts: NeededText): boolean {
  for (const text of texts) if (input.includes(text)) return true
  return false
}

function plainText(options: PatternNode[][]): string | undefined {
  const [sequence] = options
  if (options.length > 1 || !sequence!.every((node) => node.kind === 'text')) return undefined
  return sequence!.map((node) => (node.kind === 'text' ? node.text : '')).join('')
}

function emitOptions(options: PatternNode[][], dot: string): string {
  return options.map((sequence) => sequence.map((node) => emit(node, dot)).join('')).join('|')
}

function emit(node: PatternNode, dot: string): string {
  if (node.kind === 'text') return Array.from(node.text, quoteRune).join('')
  if (node.kind === 'any') return dot
  if (node.kind === 'group') return `(?:${emitOptions(node.options, dot)})`
  if (node.kind === 'repeat') return emit(node.node, dot) + node.re2
  return node.re2
}
