/** A power of two, so that a message's place in the ring stays the same while numbers grow. */
const size = 512

/** What was sent and not acknowledged yet, by number and in order. Numbers are given out once. */
export interface SendWindow<T extends {bytes: number}> {
  isFull(): boolean
  readonly count: number
  /** The lowest number that was not taken out; `next` when there is none. */
  readonly oldest: number
  /** The number that the next entry gets. */
  readonly next: number
  add(entry: T): void
  /** Undefined for what was taken out before. */
  get(number: number): T | undefined
  remove(number: number): void
  /** Takes everything out, oldest first. */
  takeAll(): T[]
  /** Numbers and entries, oldest first. */
  entries(): Array<[number, T]>
}

/** Bounded in messages and in bytes: an entry is let in while the others are below `mostBytes`. */
export function createSendWindow<T extends {bytes: number}>(mostBytes: number): SendWindow<T> {
  const ring = new Array<T | undefined>(size)
  let oldest = 0
  let next = 0
  let count = 0
  let bytes = 0

  function get(number: number): T | undefined {
    return number >= oldest && number < next ? ring[number % size] : undefined
  }

  function remove(number: number): void {
    const entry = get(number)
    if (entry === undefined) return
    ring[number % size] = undefined
    count--
    bytes -= entry.bytes
    while (oldest < next && ring[oldest % size] === undefined) oldest++
  }

  function entries(): Array<[number, T]> {
    const found: Array<[number, T]> = []
    for (let number = oldest; number < next; number++) {
      const entry = get(number)
      if (entry !== undefined) found.push([number, entry])
    }
    return found
  }

  return {
    isFull: () => next - oldest >= size || bytes >= mostBytes,
    get count() {
      return count
    },
    get oldest() {
      return oldest
    },
    get next() {
      return next
    },
    add(entry) {
      ring[next++ % size] = entry
      count++
      bytes += entry.bytes
    },
    get,
    remove,
    takeAll() {
      const taken = entries().map(([, entry]) => entry)
      ring.fill(undefined)
      oldest = next
      count = 0
      bytes = 0
      return taken
    },
    entries,
  }
}
