import {isUtf8} from 'node:buffer'

export interface Utf8Decoder {
  /** The text of what is complete so far: a character cut at the end of a chunk comes with the next one. */
  write(chunk: Uint8Array): string
  end(): string
}

/**
 * Turns bytes into text, chunk by chunk. What is no UTF-8 becomes a lone surrogate, which no UTF-8 can spell: so
 * `isWellFormed` tells of each piece of the text whether it came as it is, and U+FFFD stays what it was.
 */
export function createUtf8Decoder(): Utf8Decoder {
  let cut: Buffer = Buffer.alloc(0)
  return {
    write(chunk) {
      const given = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      const bytes = cut.length > 0 ? Buffer.concat([cut, given]) : given
      const end = bytes.length - cutLength(bytes)
      cut = bytes.subarray(end)
      return textOf(bytes.subarray(0, end))
    },
    end: () => textOf(cut),
  }
}

/** How many bytes at the end begin a character that goes on in the next chunk. */
function cutLength(bytes: Buffer): number {
  for (let have = 1; have <= Math.min(3, bytes.length); have++) {
    const byte = bytes[bytes.length - have]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf8 ? 4 : 0
    return have < needed ? have : 0
  }
  return 0
}

const replacement = Buffer.from('\ufffd')

function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  // UTF-8 finds its own beat again, so the bytes of a true U+FFFD are never part of anything else.
  const pieces: string[] = []
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(replacement, start)
    const end = found < 0 ? bytes.length : found
    pieces.push(bytes.toString('utf8', start, end).replaceAll('\ufffd', '\udfff'))
    start = end + replacement.length
  }
  return pieces.join('\ufffd')
}
