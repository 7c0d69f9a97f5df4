/** Share of common terms from which two texts say the same. */
const sameShare = 0.8

/** Texts that were taken already, to tell near-duplicates: a message that two hooks report, a note that repeats it. */
export interface SeenTexts {
  /** The name of the text seen last that says the same. */
  find(terms: readonly string[]): string | undefined
  add(name: string, terms: readonly string[]): void
}

export function createSeenTexts(): SeenTexts {
  const seen: Array<{name: string; terms: ReadonlySet<string>}> = []
  return {
    find(terms) {
      const wanted = new Set(terms)
      return seen.findLast((other) => areSame(wanted, other.terms))?.name
    },
    add(name, terms) {
      seen.push({name, terms: new Set(terms)})
    },
  }
}

function areSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  // Texts of stop words only have nothing to compare; most pairs are told apart by their sizes alone.
  if (small.size === 0 || small.size < sameShare * large.size) return false
  let common = 0
  for (const term of small) if (large.has(term)) common++
  return common / (a.size + b.size - common) >= sameShare
}
