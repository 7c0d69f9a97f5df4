/** Longer ones are not compared. */
const lengthLimit = 400

/**
 * Whether a shell's pattern of file names (`~/.o*\/[a-z]?.json`) may stand for a path that `wanted` matches, in which `*`
 * is any characters. In file names `*`, `?` and `[…]` match no slash, and no dot a name begins with.
 */
export function mayName(glob: string, wanted: string): boolean {
  const names = glob.match(/\[!?\]?[^\]]*\]|[\s\S]/g) ?? []
  if (names.length > lengthLimit || wanted.length > lengthLimit) return true
  // reached[j]: what was read of the glob so far may be the first j characters of what is wanted.
  let reached = new Set([0])
  for (const [index, token] of names.entries()) {
    const isFirst = index === 0 || names[index - 1] === '/'
    reached = token === '*' ? run(reached, wanted, isFirst) : step(skip(reached, wanted), token, wanted, isFirst)
    if (reached.size === 0) return false
  }
  return skip(reached, wanted).has(wanted.length)
}

/** A `*` of what is wanted may be nothing. */
function skip(reached: ReadonlySet<number>, wanted: string): Set<number> {
  const more = new Set(reached)
  for (const at of more) if (wanted[at] === '*') more.add(at + 1)
  return more
}

function step(reached: ReadonlySet<number>, token: string, wanted: string, isFirst: boolean): Set<number> {
  const next = new Set<number>()
  for (const at of reached) {
    const letter = wanted[at]
    if (letter === '*') next.add(at)
    else if (letter !== undefined && fits(token, letter, isFirst)) next.add(at + 1)
  }
  return next
}

/** Any number of letters of one name. */
function run(reached: ReadonlySet<number>, wanted: string, isFirst: boolean): Set<number> {
  const first = skip(reached, wanted)
  const all = new Set(first)
  for (const at of all) {
    const letter = wanted[at]
    if (letter === '*') all.add(at + 1)
    else if (letter !== undefined && fits('?', letter, isFirst && first.has(at))) all.add(at + 1)
  }
  return all
}

function fits(token: string, letter: string, isFirst: boolean): boolean {
  if (token.length === 1 && token !== '?') return token === letter
  if (letter === '/' || (isFirst && letter === '.')) return false
  // What a class of letters leaves out hardly matters.
  return token === '?' || /[!^-]/.test(token) || /\[:/.test(token) || token.includes(letter)
}
