import type {KnownPart} from './places.ts'

/** Rows in plain bytes outside the JavaScript heap: as objects, a million sections would be half a gigabyte. */
export interface PartTable {
  /** Adds a row behind `previous` (-1: none) and returns where it is. */
  add(part: KnownPart, previous: number): number
  /** The newest row of every place in the chain that ends with `last`, in the order they were added. */
  latest(last: number): KnownPart[]
}

const pageBytes = 1024 * 1024
/** Event id, sha256, previous row, ordinal and the heading's length; the heading follows. */
const at = {eventId: 0, sha256: 16, previous: 48, ordinal: 56, length: 60, heading: 64} as const
const gone = '0'.repeat(64)

export function createPartTable(): PartTable {
  const pages: Buffer[] = []
  // A row lies on one page; one that is longer than a page has a page of its own.
  let end = pageBytes

  function reserve(bytes: number): number {
    if (end + bytes > pageBytes) {
      pages.push(Buffer.allocUnsafeSlow(Math.max(bytes, pageBytes)))
      end = 0
    }
    const row = (pages.length - 1) * pageBytes + end
    end += bytes
    return row
  }

  function rowAt(row: number): Buffer {
    return pages[Math.floor(row / pageBytes)]!.subarray(row % pageBytes)
  }

  return {
    add({heading, ordinal, eventId, sha256 = gone}, previous) {
      const row = reserve(at.heading + 2 * heading.length)
      const bytes = rowAt(row)
      bytes.write(eventId.replaceAll('-', ''), at.eventId, 'hex')
      bytes.write(sha256, at.sha256, 'hex')
      bytes.writeDoubleLE(previous, at.previous)
      bytes.writeUInt32LE(ordinal, at.ordinal)
      bytes.writeUInt32LE(heading.length, at.length)
      // Unlike UTF-8 it keeps every string, also half of a surrogate pair from a fact's id.
      bytes.write(heading, at.heading, 'utf16le')
      return row
    },
    latest(last) {
      const places = new Map<string, KnownPart>()
      for (let row = last; row !== -1; ) {
        const bytes = rowAt(row)
        const part = partOf(bytes)
        const place = `${part.ordinal} ${part.heading}`
        if (!places.has(place)) places.set(place, part)
        row = bytes.readDoubleLE(at.previous)
      }
      return [...places.values()].reverse()
    },
  }
}

function partOf(bytes: Buffer): KnownPart {
  const sha256 = bytes.toString('hex', at.sha256, at.previous)
  return {
    heading: bytes.toString('utf16le', at.heading, at.heading + 2 * bytes.readUInt32LE(at.length)),
    ordinal: bytes.readUInt32LE(at.ordinal),
    eventId: uuidOf(bytes.toString('hex', at.eventId, at.sha256)),
    sha256: sha256 === gone ? undefined : sha256,
  }
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
