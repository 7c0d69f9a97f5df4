import type {ContextView, StoredPassage} from '../store/context-index.ts'

/** A passage with those next to it in its thread, the nearest first. */
export interface Near {
  passage: StoredPassage
  before: StoredPassage[]
  after: StoredPassage[]
}

/** How far a passage's neighbours count. */
const distance = 2

export interface Surroundings {
  /**
   * Passages and the two on each side of them, each once, with what is known of their own neighbours. Beyond the last
   * one that was found around any of them nothing is known, and nothing is looked for: there is no hit.
   */
  of(passages: readonly StoredPassage[]): Near[]
}

interface Link {
  passage: StoredPassage
  before?: StoredPassage
  after?: StoredPassage
}

/** Looks around each passage once. */
export function createSurroundings(view: ContextView): Surroundings {
  const known = new Map<number, StoredPassage[]>()
  function rowAround(passage: StoredPassage): StoredPassage[] {
    const found = known.get(passage.number)
    if (found) return found
    const {before, after} = view.around(passage, distance)
    const row = [...before.toReversed(), passage, ...after]
    known.set(passage.number, row)
    return row
  }
  return {of: (passages) => linked(passages.map(rowAround))}
}

function linked(rows: ReadonlyArray<readonly StoredPassage[]>): Near[] {
  const links = new Map<number, Link>()
  for (const row of rows) {
    for (const [at, one] of row.entries()) {
      const link = links.get(one.number) ?? {passage: one}
      link.before ??= row[at - 1]
      link.after ??= row[at + 1]
      links.set(one.number, link)
    }
  }
  return [...links.values()].map(({passage}) => ({
    passage,
    before: follow(links, passage, 'before'),
    after: follow(links, passage, 'after'),
  }))
}

function follow(links: ReadonlyMap<number, Link>, from: StoredPassage, side: 'before' | 'after'): StoredPassage[] {
  const found: StoredPassage[] = []
  for (
    let next = links.get(from.number)?.[side];
    next && found.length < distance;
    next = links.get(next.number)?.[side]
  ) {
    found.push(next)
  }
  return found
}
