import assert from 'node:assert/strict'
import {constants, gzipSync, zstdCompressSync} from 'node:zlib'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import {ClawError} from '../../src/lib/errors.ts'
import {decompressed} from '../../src/lib/input/decompress.ts'

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(bytes: Buffer, size = 1000): Promise<{content: Buffer; error?: unknown}> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of decompressed(chunksOf(bytes, size))) pieces.push(piece)
    return {content: Buffer.concat(pieces)}
  } catch (error) {
    return {content: Buffer.concat(pieces), error}
  }
}

const compressors = {
  gzip: (bytes: Uint8Array) => gzipSync(bytes),
  zstd: (bytes: Uint8Array) => zstdCompressSync(bytes),
  'zstd with a checksum': (bytes: Uint8Array) =>
    zstdCompressSync(bytes, {params: {[constants.ZSTD_c_checksumFlag]: 1}}),
}
// Skippable frames are passed over (RFC 8878, section 3.1.2).
const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), Buffer.from('hello')])

const arbPart = fc.oneof(
  fc.uint8Array({maxLength: 300}),
  fc.integer({min: 0, max: 300_000}).map((length) => Buffer.alloc(length, 'the same again ')),
)

describe('compressed input', () => {
  for (const [name, compress] of Object.entries(compressors)) {
    it(`is read whole, whatever its chunks and however many parts it has: ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(arbPart, {minLength: 1, maxLength: 4}),
          fc.integer({min: 1, max: 5000}),
          async (parts, size) => {
            const {content, error} = await read(Buffer.concat(parts.map(compress)), size)
            assert.equal(error, undefined)
            assert.ok(content.equals(Buffer.concat(parts)))
          },
        ),
        {numRuns: 40},
      )
    })

    it(`is never taken for whole when it was cut off: ${name}`, async () => {
      const parts = [Buffer.from('{"a":1}\n'.repeat(3000)), Buffer.from('{"b":2}\n')]
      const bytes = Buffer.concat(parts.map(compress))
      const whole = compress(parts[0]!).length
      for (let length = 5; length < bytes.length; length++) {
        const {content, error} = await read(bytes.subarray(0, length), 64)
        // Between two parts nothing is missing that the file itself could tell of.
        if (length === whole) assert.ok(content.equals(parts[0]!))
        else assert.ok(error instanceof ClawError && error.code === 'INPUT_INVALID', `cut at ${length}`)
      }
    })
  }

  it('may have frames between that are to be passed over', async () => {
    const bytes = Buffer.concat([zstdCompressSync('one '), skippable, zstdCompressSync('two'), skippable])
    assert.deepEqual(await read(bytes, 7), {content: Buffer.from('one two')})
  })

  it('is refused where it is followed by something else', async () => {
    const {content, error} = await read(Buffer.concat([zstdCompressSync('one'), Buffer.from('{"plain":true}')]))
    assert.ok(error instanceof ClawError)
    assert.ok('one'.startsWith(content.toString()))
  })

  it('is left as it is when it is plain, however short', async () => {
    for (const text of ['', 'a', '{"a":1}\n', '\u001f']) {
      assert.deepEqual(await read(Buffer.from(text), 1), {content: Buffer.from(text)})
    }
  })

  it('passes on what failed before the bytes came', async () => {
    const failure = new ClawError('INPUT_UNREADABLE', 'gone')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield gzipSync('x').subarray(0, 12)
      throw failure
    }
    await assert.rejects(Array.fromAsync(decompressed(broken())), failure)
  })
})
