/** Longer ones are not compared. */
const lengthLimit = 400

/**
 * Whether a shell's pattern of file names (`~/.o*\/[a-z]?.json`) may stand for a path that `wanted` matches, in which `*`
 * is any characters. In file names `*`, `?` and `[…]` match no slash, and no dot a name begins with.
 */
export function mayName(glob: string, wanted: string): boolean {
  if (!mayAgree(glob, wanted)) return false
  const names = glob.match(/\[!?\]?[^\]]*\]|[\s\S]/g) ?? []
  if (names.length > lengthLimit || wanted.length > lengthLimit) return true
  // reached[j]: what was read of the glob so far may be the first j characters of what is wanted.
  let reached: Reached = new Uint8Array(wanted.length + 1)
  reached[0] = 1
  for (const [index, token] of names.entries()) {
    const isFirst = index === 0 || names[index - 1] === '/'
    skip(reached, wanted)
    reached = token === '*' ? run(reached, wanted, isFirst) : step(reached, token, wanted, isFirst)
    if (!reached.includes(1)) return false
  }
  skip(reached, wanted)
  return reached[wanted.length] === 1
}

type Reached = Uint8Array

/** Whether both begin and end alike, as far as each says letter for letter. Most words are told apart by that. */
function mayAgree(glob: string, wanted: string): boolean {
  const head = glob.slice(0, glob.search(/[*?[]|$/))
  const tail = glob.slice(Math.max(glob.lastIndexOf('*'), glob.lastIndexOf('?'), glob.lastIndexOf(']')) + 1)
  const [start = ''] = wanted.split('*', 1)
  const end = wanted.slice(wanted.lastIndexOf('*') + 1)
  return (head.startsWith(start) || start.startsWith(head)) && (tail.endsWith(end) || end.endsWith(tail))
}

/** A `*` of what is wanted may be nothing. */
function skip(reached: Reached, wanted: string): void {
  for (let at = 0; at < wanted.length; at++) if (reached[at] === 1 && wanted[at] === '*') reached[at + 1] = 1
}

function step(reached: Reached, token: string, wanted: string, isFirst: boolean): Reached {
  const next = new Uint8Array(reached.length)
  for (let at = 0; at < wanted.length; at++) {
    if (reached[at] !== 1) continue
    if (wanted[at] === '*') next[at] = 1
    else if (fits(token, wanted[at]!, isFirst)) next[at + 1] = 1
  }
  return next
}

/** Any number of letters of one name. */
function run(first: Reached, wanted: string, isFirst: boolean): Reached {
  const all = first.slice()
  for (let at = 0; at < wanted.length; at++) {
    if (all[at] !== 1) continue
    if (wanted[at] === '*' || fits('?', wanted[at]!, isFirst && first[at] === 1)) all[at + 1] = 1
  }
  return all
}

function fits(token: string, letter: string, isFirst: boolean): boolean {
  if (token.length === 1 && token !== '?') return token === letter
  if (letter === '/' || (isFirst && letter === '.')) return false
  // What a class of letters leaves out hardly matters.
  return token === '?' || /[!^-]/.test(token) || /\[:/.test(token) || token.includes(letter)
}
