import {createHash, randomFillSync} from 'node:crypto'

/** The 48 bits that a UUIDv7 has for its time reach to the year 10889. */
const latestMs = 2 ** 48 - 1

/**
 * A new event's id: UUIDv7 (RFC 9562, section 5.7). Ids of one process sort in the order they were made, also within
 * a millisecond and when the clock steps back: the 12 bits after the version count (section 6.2, method 1).
 */
export const newEventId = createIdSource()

function createIdSource(): (now?: number) => string {
  // One call for the random bits of 256 ids: asking the system for each costs more than all the rest.
  const pool = Buffer.alloc(4096)
  let used = pool.length
  let last = 0
  let counter = 0
  return (now = Date.now()) => {
    if (used === pool.length) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.subarray(used, used + 16)
    used += bytes.length
    const ms = clampMs(now)
    if (ms > last || counter === 0xfff) {
      last = Math.max(ms, last + 1)
      // Starting in the lower half leaves room to count within the millisecond.
      counter = bytes.readUInt16BE(6) & 0x7ff
    } else counter += 1
    bytes.writeUIntBE(last, 0, 6)
    bytes.writeUInt16BE(0x7000 | counter, 6)
    return uuidOf(bytes)
  }
}

/**
 * The id of material that is taken in: the same time and parts always give the same id, and ids sort by time. Shaped
 * as a UUIDv8 (RFC 9562, section 5.8): 48 bits of event time (0 where it is unknown), then bits of a sha256 over the
 * parts, each with its length, so that no two lists of parts are told as one.
 */
export function contentId(timeMs: number, ...parts: string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) {
    const bytes = Buffer.from(part)
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  const id = hash.digest().subarray(0, 16)
  id.writeUIntBE(clampMs(timeMs), 0, 6)
  id[6] = 0x80 | (id[6]! & 0x0f)
  return uuidOf(id)
}

function clampMs(ms: number): number {
  return Number.isFinite(ms) ? Math.min(Math.max(Math.floor(ms), 0), latestMs) : 0
}

function uuidOf(bytes: Buffer): string {
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = bytes.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
