import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {clip, printable, widthOf} from '../../src/lib/output/printable.ts'

describe('printable', () => {
  it('shows escape sequences, controls, bidi and invisible characters instead of sending them', () => {
    expect(printable('\u001b[2Jhi\r\n\u0007')).toBe('\\e[2Jhi\\r\\n\\u0007')
    expect(printable('a\u202eb\u2066c\u200bd\u009be')).toBe('a\\u202eb\\u2066c\\u200bd\\u009be')
    expect(printable('tag \u{e0041}')).toBe('tag \\ue0041')
  })

  it('leaves readable text of any script as it is', () => {
    const text = 'Grüße, 你好, שלום, 👋🏽 naïve'
    expect(printable(text)).toBe(text)
  })

  it('never lets a control character through, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/)
      }),
    )
  })

  it('keeps line ends when a message of several lines is wanted', () => {
    expect(printable('a\nb\u001b', {newlines: true})).toBe('a\nb\\e')
  })
})

describe('clip', () => {
  it('never exceeds its columns and says when something is missing', () => {
    fc.assert(
      fc.property(fc.string({unit: 'grapheme'}), fc.integer({min: 2, max: 60}), (text, width) => {
        const clipped = clip(printable(text), width)
        expect(widthOf(clipped)).toBeLessThanOrEqual(width)
      }),
    )
    expect(clip('abcdef', 4)).toBe('abc…')
    expect(clip('abcd', 4)).toBe('abcd')
  })
})
