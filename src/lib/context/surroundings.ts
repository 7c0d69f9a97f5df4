import type {ContextView, StoredPassage} from '../store/context-index.ts'

/** A passage with those next to it in its thread, the nearest first. */
export interface Near {
  passage: StoredPassage
  before: StoredPassage[]
  after: StoredPassage[]
}

export interface Surroundings {
  /** A passage and the two on each side of it, each with what is around it. */
  of(passage: StoredPassage): Near[]
}

/** How far a passage's neighbours count, and how far one must look to know the neighbours of those, too. */
const distance = 2

/** Looks around each passage once. */
export function createSurroundings(view: ContextView): Surroundings {
  const known = new Map<number, Near[]>()
  function lookAround(passage: StoredPassage): Near[] {
    const {before, after} = view.around(passage, 2 * distance)
    const row = [...before.toReversed(), passage, ...after]
    const middle = before.length
    const near: Near[] = []
    for (let at = Math.max(0, middle - distance); at <= Math.min(row.length - 1, middle + distance); at++) {
      const from = Math.max(0, at - distance)
      near.push({passage: row[at]!, before: row.slice(from, at).reverse(), after: row.slice(at + 1, at + 1 + distance)})
    }
    return near
  }
  return {
    of(passage) {
      const found = known.get(passage.number) ?? lookAround(passage)
      known.set(passage.number, found)
      return found
    },
  }
}
