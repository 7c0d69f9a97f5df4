import {createHash} from 'node:crypto'

/** A set of texts that takes 16 bytes for each, at most two thirds full. */
export interface IdSet {
  readonly size: number
  has(id: string): boolean
  /** False when it was in there already. */
  add(id: string): boolean
}

const words = 4
const smallest = 2 ** 12
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-e][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Ids as 128-bit keys in one typed array with open addressing: a million of them take 32 MB, where strings in a `Set`
 * take five times that. A UUID is its own key; any other id's key is made of its sha256, so that nobody can make two ids
 * that are taken for one.
 */
export function createIdSet(): IdSet {
  let capacity = smallest
  let table = new Uint32Array(capacity * words)
  let size = 0
  const key = new Uint32Array(words)

  /** The key's place, or the free place where it belongs. */
  function placeOf(from: Uint32Array, slots: number, a: number, b: number, c: number, d: number): number {
    // The end of a UUID is random, also when ids are made one after the other.
    let slot = (d ^ Math.imul(c, 0x9e3779b1)) & (slots - 1)
    for (;;) {
      const at = slot * words
      const isFree = from[at] === 0 && from[at + 1] === 0 && from[at + 2] === 0 && from[at + 3] === 0
      const isKey = from[at] === a && from[at + 1] === b && from[at + 2] === c && from[at + 3] === d
      if (isFree || isKey) return at
      slot = (slot + 1) & (slots - 1)
    }
  }

  function find(id: string): number {
    writeKey(id, key)
    return placeOf(table, capacity, key[0]!, key[1]!, key[2]!, key[3]!)
  }

  function isTaken(at: number): boolean {
    return table[at] !== 0 || table[at + 1] !== 0 || table[at + 2] !== 0 || table[at + 3] !== 0
  }

  function grow(): void {
    const larger = new Uint32Array(capacity * 2 * words)
    for (let at = 0; at < table.length; at += words) {
      if (!isTaken(at)) continue
      const entry = table.subarray(at, at + words)
      larger.set(entry, placeOf(larger, capacity * 2, entry[0]!, entry[1]!, entry[2]!, entry[3]!))
    }
    table = larger
    capacity *= 2
  }

  return {
    get size() {
      return size
    },
    has: (id) => isTaken(find(id)),
    add(id) {
      if (size * 3 >= capacity * 2) grow()
      const at = find(id)
      if (isTaken(at)) return false
      table.set(key, at)
      size++
      return true
    },
  }
}

function writeKey(id: string, key: Uint32Array): void {
  if (id.length === 36 && uuidForm.test(id)) {
    key[0] = Number.parseInt(id.slice(0, 8), 16)
    key[1] = Number.parseInt(id.slice(9, 13) + id.slice(14, 18), 16)
    key[2] = Number.parseInt(id.slice(19, 23) + id.slice(24, 28), 16)
    key[3] = Number.parseInt(id.slice(28, 36), 16)
  } else {
    const digest = createHash('sha256').update(id).digest()
    for (let word = 0; word < words; word++) key[word] = digest.readUInt32BE(word * 4)
    // As no UUID that is its own key has: version 15.
    key[1] = key[1]! | 0xf000
  }
  // All zeros stand for a free place; this is a UUID of version 15, which no id has as its key.
  if (key[0] === 0 && key[1] === 0 && key[2] === 0 && key[3] === 0) key[1] = 0xf000
}
