/** A part of a text, by its characters. */
export interface Excerpt {
  from: number
  to: number
}

/** Longer texts are shown in part. */
const longest = 360
const sentence = /[^.!?。！？\n]+(?:[.!?。！？]+|\n|$)\s*/g

/**
 * Where in a text the sentences stand that hold the most of what is asked for; all of it when it is short. `weigh`
 * says what a sentence is worth; between equals the earlier ones are taken.
 */
export function excerptOf(text: string, weigh: (sentence: string) => number): Excerpt {
  if (text.length <= longest) return {from: 0, to: text.length}
  const parts = [...text.matchAll(sentence)].map((found) => ({
    from: found.index,
    to: found.index + found[0].length,
    worth: weigh(found[0]),
  }))
  let best: Excerpt = {from: 0, to: longest}
  let bestWorth = -1
  for (let first = 0; first < parts.length; first++) {
    let worth = 0
    for (let last = first; last < parts.length; last++) {
      const part = parts[last]!
      if (part.to - parts[first]!.from > longest && last > first) break
      worth += part.worth
      // Later sentences of the same worth are context: they are taken while there is room.
      if (worth > bestWorth || (worth === bestWorth && best.from === parts[first]!.from)) {
        bestWorth = worth
        best = {from: parts[first]!.from, to: Math.min(part.to, parts[first]!.from + longest)}
      }
    }
  }
  return best
}

/** The excerpt as it is shown, with an ellipsis where something is left out. */
export function excerptText(text: string, {from, to}: Excerpt): string {
  const start = from > 0 ? '…' : ''
  const end = to < text.trimEnd().length ? '…' : ''
  return `${start}${text.slice(from, to).toWellFormed().trim()}${end}`
}
