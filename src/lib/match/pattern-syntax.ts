/** The parts of a regular expression, as written in JavaScript's syntax (no flag `u`). */
export type PatternNode =
  | {kind: 'text'; text: string}
  /** One character out of a set; `re2` is the set in RE2's spelling. */
  | {kind: 'set'; re2: string}
  | {kind: 'any'}
  /** `^`, `$`, `\b`, `\B`. */
  | {kind: 'anchor'; re2: string}
  | {kind: 'group'; options: PatternNode[][]}
  | {kind: 'repeat'; node: PatternNode; min: number; re2: string}

/** Why a pattern is not taken, in words that make sense to whoever wrote it. */
export class PatternFault extends Error {}

const noLookaround =
  'lookahead and lookbehind are not available, since patterns must run in linear time; use notMatchesRegex or when.not instead'

// What JavaScript's \s stands for (RE2's \s is ASCII only, and an agent may well send a no-break space).
const blanks = '\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}'
const notBlanks =
  '\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}'
const everyRune = '\\x00-\\x{10ffff}'
const controls: Record<string, string> = {t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', 0: '\0'}
const classEscapes: Record<string, string> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: blanks,
  S: notBlanks,
  D: '\\x00-/:-\\x{10ffff}',
  W: '\\x00-/:-@\\[-\\^`\\x{7b}-\\x{10ffff}',
}

/** Parses a pattern; alternatives of the whole pattern are the outer list. Throws `PatternFault`. */
export function parsePattern(source: string): PatternNode[][] {
  const parser = new PatternParser(source)
  const options = parser.options(0)
  parser.end()
  return options
}

class PatternParser {
  private at = 0
  private readonly source: string

  constructor(source: string) {
    this.source = source
  }

  options(depth: number): PatternNode[][] {
    if (depth > 100) throw new PatternFault('groups are nested more than 100 deep')
    const options: PatternNode[][] = [[]]
    while (this.at < this.source.length && this.source[this.at] !== ')') {
      if (this.take('|')) options.push([])
      else options.at(-1)!.push(this.repeated(this.atom(depth)))
    }
    return options
  }

  end(): void {
    if (this.at < this.source.length) throw new PatternFault(`a ")" too many at character ${this.at + 1}`)
  }

  private take(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  private atom(depth: number): PatternNode {
    const char = this.rune()
    if (char === '.') return {kind: 'any'}
    if (char === '^' || char === '$') return {kind: 'anchor', re2: char}
    if (char === '(') return this.group(depth)
    if (char === '[') return {kind: 'set', re2: this.set()}
    if (char === '\\') return this.escape()
    if ('*+?'.includes(char) || (char === '{' && /^\d+(,\d*)?\}/.test(this.source.slice(this.at, this.at + 24))))
      throw new PatternFault(`nothing to repeat before "${char}" at character ${this.at}`)
    return {kind: 'text', text: char}
  }

  private rune(): string {
    const char = String.fromCodePoint(this.source.codePointAt(this.at)!)
    this.at += char.length
    return char
  }

  private group(depth: number): PatternNode {
    if (this.take('?')) {
      if (this.take('=') || this.take('!') || this.take('<=') || this.take('<!')) throw new PatternFault(noLookaround)
      if (!this.take(':') && !this.groupName())
        throw new PatternFault(
          `a group that starts with "(?" at character ${this.at} is not understood; use "flags" for case and multi-line`,
        )
    }
    const options = this.options(depth + 1)
    if (!this.take(')')) throw new PatternFault('a "(" is never closed')
    return {kind: 'group', options}
  }

  private groupName(): boolean {
    const name = /^<[A-Za-z_$][\w$]*>/.exec(this.source.slice(this.at, this.at + 200))
    this.at += name?.[0].length ?? 0
    return name !== null
  }

  private escape(): PatternNode {
    const char = this.source[this.at]
    if (char === 'b' || char === 'B') {
      this.at++
      return {kind: 'anchor', re2: `\\${char}`}
    }
    if (char === 'k' || (char !== undefined && char >= '1' && char <= '9')) {
      throw new PatternFault('back-references are not available, since patterns must run in linear time')
    }
    const set = char === undefined ? undefined : classEscapes[char]
    if (set !== undefined) {
      this.at++
      return {kind: 'set', re2: `[${set}]`}
    }
    return {kind: 'text', text: this.escapedChar()}
  }

  /** The one character an escape stands for, read after the backslash. Other escaped characters are themselves. */
  private escapedChar(): string {
    if (this.at >= this.source.length) throw new PatternFault('it ends in a single backslash')
    const char = this.rune()
    if (controls[char] !== undefined) return controls[char]
    if (char === 'x') return this.hex(2) ?? char
    if (char === 'u') return this.unicode() ?? char
    if (char === 'c' && /[A-Za-z]/.test(this.source[this.at] ?? ''))
      return String.fromCharCode(this.rune().charCodeAt(0) % 32)
    // Elsewhere \A, \z, \Q or \p mean something that JavaScript never meant; guessing would change a rule silently.
    if (/[A-Za-z]/.test(char)) throw new PatternFault(`the escape "\\${char}" is not known`)
    return char
  }

  /** \uXXXX; two that make up one character are one. */
  private unicode(): string | undefined {
    const unit = this.hex(4)
    if (
      unit === undefined ||
      !/[\ud800-\udbff]/.test(unit) ||
      !/^\\u[dD][c-fC-F]/.test(this.source.slice(this.at, this.at + 4))
    )
      return unit
    this.at += 2
    return unit + (this.hex(4) ?? '')
  }

  private hex(digits: number): string | undefined {
    const text = this.source.slice(this.at, this.at + digits)
    if (text.length < digits || !/^[0-9a-fA-F]+$/.test(text)) return undefined
    this.at += digits
    return String.fromCharCode(Number.parseInt(text, 16))
  }

  private set(): string {
    const negated = this.take('^')
    let items = ''
    for (;;) {
      if (this.at >= this.source.length) throw new PatternFault('a "[" is never closed')
      if (this.take(']')) break
      items += this.setItem()
    }
    if (items === '') return negated ? `[${everyRune}]` : `[^${everyRune}]`
    return `[${negated ? '^' : ''}${items}]`
  }

  private setItem(): string {
    const low = this.setChar()
    if (this.source[this.at] !== '-' || this.source[this.at + 1] === ']' || this.at + 1 >= this.source.length)
      return low.re2
    this.at++
    const high = this.setChar()
    // With a class on either side the hyphen is itself: [\w-.]
    if (low.char === undefined || high.char === undefined) return `${low.re2}\\-${high.re2}`
    if (low.char.codePointAt(0)! > high.char.codePointAt(0)!)
      throw new PatternFault(`the range ${low.char}-${high.char} is out of order`)
    return `${low.re2}-${high.re2}`
  }

  private setChar(): {re2: string; char?: string} {
    if (!this.take('\\')) {
      const char = this.rune()
      return {re2: quoteRune(char), char}
    }
    const next = this.source[this.at]
    const set = next === undefined ? undefined : classEscapes[next]
    if (set !== undefined) {
      this.at++
      return {re2: set}
    }
    const char = this.take('b') ? '\b' : this.escapedChar()
    return {re2: quoteRune(char), char}
  }

  private repeated(node: PatternNode): PatternNode {
    const counts = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})/.exec(this.source.slice(this.at, this.at + 24))
    if (counts === null) return node
    if (node.kind === 'anchor')
      throw new PatternFault(`nothing to repeat before "${counts[0]}" at character ${this.at + 1}`)
    this.at += counts[0].length
    const lazy = this.take('?') ? '?' : ''
    const [written, from, to] = counts
    if (from !== undefined && to && Number(from) > Number(to))
      throw new PatternFault(`the counts of ${written} are out of order`)
    if (Math.max(Number(from ?? 0), Number(to || 0)) > 1000)
      throw new PatternFault(`${written} repeats more than 1000 times`)
    const min = from === undefined ? (written === '+' ? 1 : 0) : Number(from)
    return {kind: 'repeat', node, min, re2: `${written}${lazy}`}
  }
}

/** One character as RE2 takes it anywhere, in a set or outside. */
export function quoteRune(char: string): string {
  return /^[0-9A-Za-z_ ]$/.test(char) ? char : `\\x{${char.codePointAt(0)!.toString(16)}}`
}
