import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {linesOf} from '../../src/lib/import/lines.ts'

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (let i = 0; from < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1)
    yield bytes.subarray(from, from + size)
    from += size
  }
}

describe('lines', () => {
  it('gives the same lines however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({unit: 'grapheme'}).filter((line) => !/[\r\n\ufeff]/.test(line))),
        fc.array(fc.integer({min: 1, max: 9}), {minLength: 1}),
        async (texts, sizes) => {
          const bytes = new TextEncoder().encode(texts.map((text) => `${text}\n`).join(''))
          const lines = await Array.fromAsync(linesOf(chunked(bytes, sizes)))
          expect(lines).toEqual(texts.map((text, index) => ({number: index + 1, text})))
        },
      ),
    )
  })

  it('takes CRLF, a BOM and a last line without an end', async () => {
    const bytes = new TextEncoder().encode('\ufeffone\r\n\r\nthree')
    expect(await Array.fromAsync(linesOf(chunked(bytes, [4])))).toEqual([
      {number: 1, text: 'one'},
      {number: 2, text: ''},
      {number: 3, text: 'three'},
    ])
  })

  it('lets go of a line that is longer than the limit and goes on with the next', async () => {
    const bytes = new TextEncoder().encode(`${'x'.repeat(100)}\nshort\n${'y'.repeat(100)}`)
    expect(await Array.fromAsync(linesOf(chunked(bytes, [7]), 20))).toEqual([
      {number: 1, text: undefined},
      {number: 2, text: 'short'},
      {number: 3, text: undefined},
    ])
  })
})
