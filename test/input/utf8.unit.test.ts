import assert from 'node:assert/strict'
import {isUtf8} from 'node:buffer'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import {recordBatches} from '../../src/lib/input/records.ts'
import {createUtf8Decoder} from '../../src/lib/input/utf8.ts'

function decoded(bytes: Buffer, size: number): string {
  const decoder = createUtf8Decoder()
  let text = ''
  for (let at = 0; at < bytes.length; at += size) text += decoder.write(bytes.subarray(at, at + size))
  return text + decoder.end()
}

async function faults(bytes: Buffer, size = 5) {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  return (await Array.fromAsync(recordBatches(chunks()))).flat().map(({line, fault}) => [line, fault])
}

describe('UTF-8 in chunks', () => {
  it('is the same text whatever the size of the chunks', () => {
    fc.assert(
      fc.property(fc.string({unit: 'grapheme'}), fc.integer({min: 1, max: 9}), (text, size) => {
        assert.equal(decoded(Buffer.from(text), size), Buffer.from(text).toString())
      }),
    )
  })

  it('is told from bytes that are none, a true U+FFFD included', () => {
    fc.assert(
      fc.property(fc.array(bytePiece, {maxLength: 6}), fc.integer({min: 1, max: 9}), (pieces, size) => {
        const bytes = Buffer.concat(pieces)
        const text = decoded(bytes, size)
        const isValid = isUtf8(bytes)
        assert.equal(text.isWellFormed(), isValid)
        if (isValid) assert.equal(text, bytes.toString())
      }),
    )
  })

  it('makes each line or element fail that is not valid, and no other', async () => {
    const bad = Buffer.from([0x22, 0xff, 0x22])
    const cut = Buffer.from([0x22, 0xe2, 0x82])
    const good = Buffer.from('"ok \ufffd €"')
    const [newline, comma] = [Buffer.from('\n'), Buffer.from(',\n')]
    const why = 'not valid UTF-8'
    assert.deepEqual(await faults(Buffer.concat([good, newline, bad, newline, good, newline, cut])), [
      [1, undefined],
      [2, why],
      [3, undefined],
      [4, why],
    ])
    const list = Buffer.concat([Buffer.from('['), good, comma, bad, comma, good, Buffer.from(']')])
    assert.deepEqual(await faults(list), [
      [1, undefined],
      [2, why],
      [3, undefined],
    ])
  })
})

const bytePiece = fc.oneof(
  fc.constantFrom('€', '\ufffd', 'a', '😀', 'é').map((text) => Buffer.from(text)),
  fc.uint8Array({minLength: 1, maxLength: 3}).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom([0xf0], [0xe2, 0x82], [0xef, 0xbf], [0xed, 0xa0, 0x80], [0xc0, 0x80])
    .map((list) => Buffer.from(list)),
)
