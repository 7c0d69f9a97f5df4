/** Compiles a pattern in which only `*` is special: any characters, dots included, or none. Linear in the text. */
export function compileGlob(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*')
  const head = parts[0]!
  if (parts.length === 1) return (text) => text === head
  const tail = parts.at(-1)!
  const inner = parts.slice(1, -1).filter((part) => part !== '')
  const shortest = head.length + tail.length
  return (text) => {
    if (text.length < shortest || !text.startsWith(head) || !text.endsWith(tail)) return false
    // Leftmost placement of every inner part leaves the most room for the ones after it, so no second try is needed.
    let at = head.length
    for (const part of inner) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= text.length - tail.length
  }
}

/** The text before the first `*`: every match starts with it. */
export function literalPrefix(pattern: string): string {
  const star = pattern.indexOf('*')
  return star < 0 ? pattern : pattern.slice(0, star)
}

/** Whether the pattern stands for itself only. */
export function isLiteral(pattern: string): boolean {
  return !pattern.includes('*')
}
