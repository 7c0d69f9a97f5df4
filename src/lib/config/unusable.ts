/** A configuration nested deeper than this is a mistake or an attack; either way nobody can read it. */
const deepest = 100

/** Why a value can be no configuration, whatever its keys mean: too deep, circular, or with a key that is no key. */
export function unusable(value: unknown): {expected: string; found: string} | undefined {
  const waiting: Array<{node: object; depth: number}> = []
  const add = (node: unknown, depth: number) => {
    if (typeof node === 'object' && node !== null) waiting.push({node, depth})
  }
  add(value, 1)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > deepest) return {expected: `values nested at most ${deepest} deep`, found: 'deeper ones'}
    // Copying such a key would set an object's prototype, and a rule with it would lose a condition.
    if (Object.hasOwn(next.node, '__proto__')) return {expected: 'keys other than "__proto__"', found: 'that key'}
    for (const child of Object.values(next.node)) add(child, next.depth + 1)
  }
  return undefined
}
