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
  for (const flag of flags)
    if (!'ims'.includes(flag)) throw new PatternFault(`the flag "${flag}" is not known; there are i, m and s`)
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
  const options = parsePattern(source)
  const dot = flags.includes('s') ? '[\\x00-\\x{10ffff}]' : '[^\\n\\r\\x{2028}\\x{2029}]'
  const automaton = automatonOf(emitOptions(options, dot), flags, isSmall(source))
  if (flags.includes('i')) return {source, flags, test: caselessTester(automaton, neededTexts(options))}
  const plain = plainText(options)
  const test = plain === undefined ? tester(automaton, neededTexts(options)) : (input: string) => input.includes(plain)
  return {source, flags, test}
}

type Tester = (input: string) => boolean

/** A pattern of which it is sure that RE2 takes it: no repeat is counted, and no name of a class can be wrong. */
function isSmall(source: string): boolean {
  return source.length <= 200 && !source.includes('{')
}

/** Small ones are made when they are first run: of a thousand rules most never are, for want of their needed texts. */
function automatonOf(re2Source: string, flags: string, isLater: boolean): Tester {
  let re2 = isLater ? undefined : compileRe2(re2Source, flags)
  return (input) => {
    if (input.length > patternInputLimit) throw new InputTooLong(input.length)
    re2 ??= compileRe2(re2Source, flags)
    return re2.test(input)
  }
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

function tester(run: Tester, needed: readonly NeededText[]): Tester {
  const [first, ...others] = needed
  if (first === undefined) return run
  const goOn: Tester = (input) => others.every((texts) => hasOneOf(input, texts)) && run(input)
  const [only] = first
  // Nearly every call ends here.
  if (first.length === 1) return (input) => input.includes(only!) && goOn(input)
  return (input) => hasOneOf(input, first) && goOn(input)
}

/** To RE2 this is an s, but no capital that `toLowerCase` knows; the only other such sign, Kelvin's K, is one. */
const longS = '\u017f'

function caselessTester(run: Tester, needed: readonly NeededText[]): Tester {
  const lower = needed.filter((texts) => texts.every(isAscii)).map((texts) => texts.map((text) => text.toLowerCase()))
  if (lower.length === 0) return run
  return (input) => {
    const folded = input.toLowerCase()
    return (lower.every((texts) => hasOneOf(folded, texts)) || folded.includes(longS)) && run(input)
  }
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text)
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
