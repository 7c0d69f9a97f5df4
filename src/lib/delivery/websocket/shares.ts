/** Counts who uses what, so that there are never more than `most` different things in use. */
export interface Shares {
  /** A function that gives the share back; undefined when there are too many already. */
  claim(key: unknown): (() => void) | undefined
}

export function createShares(most: number): Shares {
  const users = new Map<unknown, number>()
  return {
    claim(key) {
      const count = users.get(key) ?? 0
      if (count === 0 && users.size >= most) return undefined
      users.set(key, count + 1)
      let isGiven = false
      return () => {
        if (isGiven) return
        isGiven = true
        const left = (users.get(key) ?? 1) - 1
        if (left === 0) users.delete(key)
        else users.set(key, left)
      }
    },
  }
}
