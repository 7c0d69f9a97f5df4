import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {compileGlob, isLiteral, literalPrefix} from '../../src/lib/match/glob.ts'

describe('a glob', () => {
  it.each([
    ['tool.*', 'tool.guard.blocked', true],
    ['tool.*', 'tool', false],
    ['tool.*', 'tool.', true],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*.called', 'tool.called', true],
    ['a.c', 'abc', false],
    ['a?c', 'abc', false],
    ['*a*b*', 'xbxa', false],
    ['a\n*', 'a\n\nb', true],
  ])('%j on %j: %j', (pattern, text, matches) => {
    expect(compileGlob(pattern)(text)).toBe(matches)
  })

  it('means what the same regular expression means', () => {
    const part = fc.string({unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8})
    fc.assert(
      fc.property(part, part, (pattern, text) => {
        const same = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^]*')}$`)
        expect(compileGlob(pattern)(text)).toBe(same.test(text))
      }),
      {numRuns: 2000},
    )
  })

  it('takes no longer for many stars', () => {
    const start = performance.now()
    expect(compileGlob('*a'.repeat(50_000))(`${'a'.repeat(49_999)}b`)).toBe(false)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it('tells what every match starts with', () => {
    expect(literalPrefix('tool.*.x')).toBe('tool.')
    expect(literalPrefix('tool')).toBe('tool')
    expect(isLiteral('tool')).toBe(true)
    expect(isLiteral('t*')).toBe(false)
  })
})
