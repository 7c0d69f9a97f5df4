import assert from 'node:assert/strict'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import {neededTexts} from '../../src/lib/match/pattern-literals.ts'
import {parsePattern} from '../../src/lib/match/pattern-syntax.ts'
import {
  compilePattern,
  InputTooLong,
  type Pattern,
  PatternFault,
  patternInputLimit,
} from '../../src/lib/match/patterns.ts'

const alphabet = ['a', 'b', 'c', 'A', '1', ' ', '\n', '\t', '_', '-', 'é', '\u00a0', '/', '.']
const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '1',
  '.',
  '\\s',
  '\\S',
  '\\d',
  '\\w',
  '\\W',
  '\\D',
  '[ab]',
  '[^a]',
  '[\\s-]',
  '[\\S]',
  '[\\w-.]',
  '\\b',
  '^',
  '$',
  '\\.',
  '\\/',
  '\\x61',
  '\\u0062',
  '-',
  '/',
  'é',
)
const quantifier = fc.constantFrom('', '', '', '', '*', '+', '?', '{2}', '{0,1}', '{1,}', '*?', '+?')
const quantified = fc
  .tuple(atom, quantifier)
  .map(([node, count]) => (/^(?:\\b|\^|\$)$/.test(node) ? node : node + count))
const pattern = fc.letrec<{sequence: string; options: string; node: string}>((tie) => ({
  node: fc.oneof(
    {depthSize: 'small'},
    quantified,
    fc
      .tuple(fc.constantFrom('(', '(?:', '(?<n>'), tie('options'), quantifier)
      .map(([open, inner, count]) => `${open}${inner})${count}`),
  ),
  sequence: fc.array(tie('node'), {maxLength: 4}).map((nodes) => nodes.join('')),
  options: fc.array(tie('sequence'), {minLength: 1, maxLength: 3}).map((sequences) => sequences.join('|')),
})).options
const text = fc.array(fc.constantFrom(...alphabet), {maxLength: 12}).map((chars) => chars.join(''))

function native(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined
  }
}

describe('patterns', () => {
  it('agree with JavaScript on every pattern of the common syntax', () => {
    fc.assert(
      fc.property(pattern, text, fc.constantFrom('', 'i', 's', 'm'), (source, input, flags) => {
        const oracle = native(source, flags)
        if (oracle === undefined) return
        assert.equal(
          compilePattern(source, flags).test(input),
          oracle.test(input),
          `/${source}/${flags} on ${JSON.stringify(input)}`,
        )
      }),
      {numRuns: 4000, seed: 7},
    )
  })

  it('only ask for texts that are in every match', () => {
    fc.assert(
      fc.property(pattern, text, (source, input) => {
        if (!native(source, '')?.test(input)) return
        for (const texts of neededTexts(parsePattern(source)))
          assert.ok(
            texts.some((needed) => input.includes(needed)),
            `${source}: ${texts}`,
          )
      }),
      {numRuns: 4000, seed: 11},
    )
  })

  it('know which texts a usual rule needs', () => {
    assert.deepEqual(neededTexts(parsePattern('(^|\\s)rm\\s+-rf\\s+/x1')), [['-rf'], ['/x1'], ['rm']])
    assert.deepEqual(neededTexts(parsePattern('\\b(curl|wget)\\b.*\\|\\s*sh')), [['curl', 'wget'], ['sh'], ['|']])
    assert.deepEqual(neededTexts(parsePattern('(curl)?|x')), [])
  })

  it.each([
    ['(?=x)', /lookahead/],
    ['(?<!x)y', /lookbehind/],
    ['(a)\\1', /back-references/],
    ['(?i)x', /flags/],
    ['(', /never closed/],
    ['[a', /never closed/],
    ['a)', /too many/],
    ['*a', /nothing to repeat/],
    ['a**', /nothing to repeat/],
    ['{2}', /nothing to repeat/],
    ['a{2,1}', /out of order/],
    ['[z-a]', /out of order/],
    ['\\A', /not known/],
    ['\\pL', /not known/],
    ['\\', /backslash/],
    ['(a{500}){500}', /repeat/],
    ['('.repeat(200) + ')'.repeat(200), /nested/],
  ])('refuse %s with the reason', (source, reason) => {
    assert.throws(
      () => compilePattern(source),
      (error) => error instanceof PatternFault && reason.test(error.message),
    )
  })

  it.each([
    ['task', 'TA\u017fK'],
    ['kill', '\u212aILL'],
    ['stop (now|later)', 'please \u017fTOP Now'],
    ['straße', 'STRA\u1e9eE'],
  ])('take every spelling of %s for it when case does not matter', (source, input) => {
    assert.equal(compilePattern(source, 'i').test(input), true)
    assert.equal(compilePattern(source).test(input), false)
  })

  it('say at once what is wrong with them, though most are made ready only when they are first run', () => {
    const piece = fc.constantFrom(
      ...'abz019.*+?()[]|^$\\-/ :=!<>&,"',
      '\\d',
      '\\W',
      '\\b',
      '(?:',
      '[^',
      '\\x41',
      'é',
      'İ',
    )
    const source = fc.array(piece, {maxLength: 40}).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(source, fc.constantFrom('i', 'im', 'is'), (source, flags) => {
        let pattern: Pattern
        try {
          pattern = compilePattern(source, flags)
        } catch (error) {
          assert.ok(error instanceof PatternFault)
          return
        }
        // This letter, which RE2 takes for an s, is never answered without the automaton.
        pattern.test('\u017f')
      }),
      {numRuns: 4000, seed: 5},
    )
  })

  it('refuse an unknown flag', () => {
    assert.throws(() => compilePattern('a', 'g'), PatternFault)
  })

  it('find whole characters outside the basic plane', () => {
    assert.ok(compilePattern('\\ud83d\\ude00').test('x😀'))
    assert.ok(compilePattern('[😀-😂]').test('😁'))
    assert.ok(!compilePattern('[😀-😂]').test('😃'))
  })

  it('cannot be made to hang', () => {
    const started = performance.now()
    assert.equal(compilePattern('^(a+)+$').test(`${'a'.repeat(100_000)}!`), false)
    assert.equal(compilePattern('.*foo.*bar.*baz').test('foo bar '.repeat(5_000)), false)
    assert.ok(performance.now() - started < 2_000)
  })

  it('do not answer for a text over the limit, unless a needed text is missing', () => {
    const long = 'x'.repeat(patternInputLimit + 1)
    assert.throws(() => compilePattern('x+$').test(long), InputTooLong)
    assert.equal(compilePattern('rm\\s+-rf').test(long), false)
    assert.equal(compilePattern('xxx').test(long), true)
  })
})
