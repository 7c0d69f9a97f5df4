/**
 * The same bytes in chunks that end where Zstandard frames end (RFC 8878, section 3.1), and an error where the last one
 * is cut off. Node's own stream needs both: of a chunk it drops without a word what follows the end of a frame, and it
 * takes a file that was cut off for a whole one.
 */
export async function* alignedFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const walk = createFrameWalk()
  for await (const chunk of chunks) {
    let start = 0
    for (const end of walk.endsIn(chunk)) {
      yield chunk.subarray(start, end)
      start = end
    }
    if (start < chunk.length) yield chunk.subarray(start)
  }
  if (!walk.isBetweenFrames()) throw new Error('unexpected end of file')
}

const frameMagic = 0xfd2fb528
/** A frame of somebody's own, to be passed over: the last four bits are free. */
const skippableMagic = 0x184d2a50

const dictionaryIdBytes = [0, 1, 2, 4]
const contentSizeBytes = [0, 2, 4, 8]

interface Walk {
  /** Where frames end within the chunk: offsets after their last bytes. */
  endsIn(chunk: Uint8Array): number[]
  isBetweenFrames(): boolean
}

/** Follows the frames by the sizes in their headers, without looking into them. */
function createFrameWalk(): Walk {
  let part: 'magic' | 'skippable' | 'descriptor' | 'block' = 'magic'
  let wanted = 4
  let header: number[] = []
  /** Bytes that are passed over before the next header. */
  let skip = 0
  let isFrameEnd = false
  let hasChecksum = false

  function expect(next: typeof part, bytes: number): void {
    part = next
    wanted = bytes
  }

  function endFrame(bytesLeft: number): void {
    skip = bytesLeft
    isFrameEnd = true
    expect('magic', 4)
  }

  function readHeader(): void {
    const value = Buffer.from(header).readUIntLE(0, header.length)
    header = []
    if (part === 'skippable') endFrame(value)
    else if (part === 'block') {
      const [isLast, kind, size] = [value & 1, (value >> 1) & 3, value >> 3]
      // A run is one byte, however long it gets.
      const bytes = kind === 1 ? 1 : size
      if (isLast) endFrame(bytes + (hasChecksum ? 4 : 0))
      else skip = bytes
    } else if (part === 'descriptor') {
      const isSingleSegment = (value & 0x20) !== 0
      hasChecksum = (value & 0x04) !== 0
      const sizeBytes = contentSizeBytes[value >> 6]! || (isSingleSegment ? 1 : 0)
      skip = (isSingleSegment ? 0 : 1) + dictionaryIdBytes[value & 3]! + sizeBytes
      expect('block', 3)
    } else if (value === frameMagic) expect('descriptor', 1)
    else if (value >>> 4 === skippableMagic >>> 4) expect('skippable', 4)
    else throw new Error('there is something else between the frames')
  }

  return {
    endsIn(chunk) {
      const ends: number[] = []
      for (let at = 0; at < chunk.length; ) {
        if (skip > 0) {
          const passed = Math.min(skip, chunk.length - at)
          skip -= passed
          at += passed
        } else {
          header.push(chunk[at++]!)
          if (header.length === wanted) readHeader()
        }
        if (isFrameEnd && skip === 0) {
          ends.push(at)
          isFrameEnd = false
        }
      }
      return ends
    },
    isBetweenFrames: () => part === 'magic' && header.length === 0 && skip === 0,
  }
}
