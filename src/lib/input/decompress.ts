import {pipeline, Readable} from 'node:stream'
import {createGunzip, createZstdDecompress} from 'node:zlib'
import {ClawError, messageOf} from '../errors.ts'
import {alignedFrames} from './zstd-frames.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

const magicLength = 4

/** How bytes that begin like this are compressed. */
export function compressionOf(start: Uint8Array): Compression {
  const [a, b, c, d] = start
  if (a === 0x1f && b === 0x8b) return 'gzip'
  return a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd ? 'zstd' : 'none'
}

/**
 * The bytes as they were before they were compressed by gzip or zstd, which their first bytes tell; any others as they
 * are. INPUT_INVALID, after all that could be read, where compressed data is damaged or ends early.
 */
export async function* decompressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const {start, all} = await peek(chunks)
  const compression = compressionOf(start)
  if (compression === 'none') return yield* all
  const engine = compression === 'gzip' ? createGunzip() : createZstdDecompress()
  const source = compression === 'gzip' ? all : alignedFrames(all)
  pipeline(Readable.from(source, {objectMode: false}), engine, () => undefined)
  try {
    yield* engine
  } catch (thrown) {
    // What failed before the bytes came is not their fault.
    if (thrown instanceof ClawError) throw thrown
    throw new ClawError('INPUT_INVALID', `the ${compression} data is damaged or ends early (${messageOf(thrown)})`, {
      suggestions: ['copy the file again from where it was made'],
      cause: thrown,
    })
  }
}

/** The first bytes, and all of them. */
async function peek(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]()
  const taken: Uint8Array[] = []
  let length = 0
  while (length < magicLength) {
    const {done, value} = await iterator.next()
    if (done) break
    taken.push(value)
    length += value.length
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* taken
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
    } finally {
      await iterator.return?.()
    }
  }
  return {start: Buffer.concat(taken), all: all()}
}
