import type {KnownPart} from './places.ts'

/** Rows of fixed size outside the JavaScript heap: as objects, a million sections would be half a gigabyte. */
export interface PartTable {
  /** Adds a row behind `previous` (-1: none) and returns its number. */
  add(part: KnownPart, previous: number): number
  /** The newest row of every place in the chain that ends with `last`, in the order they were added. */
  latest(last: number): KnownPart[]
}

const idBytes = 16
const digestBytes = 32
const rowBytes = idBytes + digestBytes + 12
const rowsPerPage = 4096
const gone = '0'.repeat(2 * digestBytes)

export function createPartTable(): PartTable {
  const pages: Buffer[] = []
  const headings: string[] = []
  const headingNumbers = new Map<string, number>()
  let rows = 0

  function numberOf(heading: string): number {
    const known = headingNumbers.get(heading)
    if (known !== undefined) return known
    headingNumbers.set(heading, headings.length)
    return headings.push(heading) - 1
  }

  return {
    add({heading, ordinal, eventId, sha256 = gone}, previous) {
      if (rows % rowsPerPage === 0) pages.push(Buffer.allocUnsafeSlow(rowBytes * rowsPerPage))
      const page = pages.at(-1)!
      const at = (rows % rowsPerPage) * rowBytes
      page.write(eventId.replaceAll('-', ''), at, 'hex')
      page.write(sha256, at + idBytes, 'hex')
      page.writeUInt32LE(numberOf(heading), at + 48)
      page.writeUInt32LE(ordinal, at + 52)
      page.writeInt32LE(previous, at + 56)
      return rows++
    },
    latest(last) {
      const places = new Map<string, KnownPart>()
      for (let row = last; row !== -1; ) {
        const page = pages[Math.floor(row / rowsPerPage)]!
        const at = (row % rowsPerPage) * rowBytes
        const part = {
          heading: headings[page.readUInt32LE(at + 48)]!,
          ordinal: page.readUInt32LE(at + 52),
          eventId: uuidOf(page.toString('hex', at, at + idBytes)),
          sha256: page.toString('hex', at + idBytes, at + idBytes + digestBytes),
        }
        const place = `${part.ordinal} ${part.heading}`
        if (!places.has(place)) places.set(place, {...part, sha256: part.sha256 === gone ? undefined : part.sha256})
        row = page.readInt32LE(at + 56)
      }
      return [...places.values()].reverse()
    },
  }
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
