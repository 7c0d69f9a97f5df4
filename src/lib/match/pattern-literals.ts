import type {PatternNode} from './pattern-syntax.ts'

/** Texts of which at least one is in every input that the pattern matches. */
export type NeededText = readonly string[]

/**
 * What every match must contain: all entries, each by one of its texts. Empty when nothing is certain. Searching a
 * plain text is many times faster than running a pattern, and most calls contain none of them.
 */
export function neededTexts(options: PatternNode[][]): NeededText[] {
  return best(options.length === 1 ? textsOf(options[0]!) : oneOf(options))
}

/** The longest say the most; more than three cost more than they save. */
function best(needed: NeededText[]): NeededText[] {
  return needed.toSorted((a, b) => shortest(b) - shortest(a)).slice(0, 3)
}

function textsOf(sequence: PatternNode[]): NeededText[] {
  const needed: NeededText[] = []
  let run = ''
  const flush = () => {
    if (run !== '') needed.push([run])
    run = ''
  }
  for (const node of sequence) {
    if (node.kind === 'text') {
      run += node.text
      continue
    }
    // An anchor takes no character: what stands before and after it is adjacent.
    if (node.kind === 'anchor') continue
    flush()
    needed.push(...textsInside(node))
  }
  flush()
  return needed
}

function textsInside(node: PatternNode): NeededText[] {
  if (node.kind === 'text') return [[node.text]]
  if (node.kind === 'repeat') return node.min > 0 ? textsInside(node.node) : []
  if (node.kind !== 'group') return []
  return node.options.length === 1 ? textsOf(node.options[0]!) : oneOf(node.options)
}

/** Of several alternatives one must be there: the longest text of each, if each has one. */
function oneOf(options: PatternNode[][]): NeededText[] {
  const texts: string[] = []
  for (const option of options) {
    const [longest] = best(textsOf(option))
    if (longest === undefined) return []
    texts.push(...longest)
  }
  return texts.length <= 16 ? [texts] : []
}

function shortest(texts: NeededText): number {
  return Math.min(...texts.map((text) => text.length))
}
