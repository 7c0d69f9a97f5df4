/** One occurrence: in which passage, how often there, and how many terms that passage has. */
export interface Posting {
  number: number
  count: number
  words: number
}

/**
 * Postings as bytes: for each the difference of its number to the one before (`before`; -1 at the beginning of a block),
 * its count and the passage's terms, as variable-length integers of seven bits a byte, lowest first (LEB128).
 */
export function encodePostings(postings: readonly Posting[], before = -1): Uint8Array {
  const bytes: number[] = []
  let last = before
  for (const {number, count, words} of postings) {
    pushInteger(bytes, number - last)
    pushInteger(bytes, count)
    pushInteger(bytes, words)
    last = number
  }
  return Uint8Array.from(bytes)
}

function pushInteger(bytes: number[], value: number): void {
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

/** Three integers each, and an integer ends with the byte that has no high bit. */
function lengthOf(bytes: Uint8Array): number {
  let integers = 0
  for (let place = 0; place < bytes.length; place++) if (bytes[place]! <= 0x7f) integers++
  return integers / 3
}

export interface DecodedPostings {
  numbers: Uint32Array
  counts: Uint32Array
  words: Uint32Array
}

/** The postings of all blocks of one term, in order. */
export function decodePostings(blocks: readonly Uint8Array[]): DecodedPostings {
  const length = blocks.reduce((sum, bytes) => sum + lengthOf(bytes), 0)
  const numbers = new Uint32Array(length)
  const counts = new Uint32Array(length)
  const words = new Uint32Array(length)
  let at = 0
  for (const bytes of blocks) {
    let number = -1
    let place = 0
    const next = () => {
      let byte = bytes[place++]!
      let value = byte & 0x7f
      for (let shift = 7; byte > 0x7f; shift += 7) {
        byte = bytes[place++]!
        value |= (byte & 0x7f) << shift
      }
      return value
    }
    while (place < bytes.length) {
      number += next()
      numbers[at] = number
      counts[at] = next()
      words[at] = next()
      at++
    }
  }
  return {numbers, counts, words}
}
