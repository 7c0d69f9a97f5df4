/**
 * The line, from 1, on which each element of a list begins, which JSON.parse does not tell. `text` is valid JSON; the
 * list is its root, or the root's field `key`.
 */
export function linesOfElements(text: string, key?: string): number[] {
  const listDepth = key === undefined ? 1 : 2
  let lines: number[] = []
  let [depth, line] = [0, 1]
  let [string, field] = ['', '']
  let [isInList, isElementNext] = [false, false]
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '\n') line++
    if (' \n\r\t'.includes(character)) continue
    if (character === ']' || character === '}') {
      if (depth-- === listDepth) isInList = false
      isElementNext = false
      continue
    }
    if (isElementNext) lines.push(line)
    isElementNext = character === ',' && isInList && depth === listDepth
    if (character === '"') {
      const end = endOfString(text, at)
      string = text.slice(at, end)
      at = end - 1
    } else if (character === ':' && depth === 1) field = JSON.parse(string)
    else if (character === '[' || character === '{') {
      if (++depth === listDepth && character === '[' && (key === undefined || field === key)) {
        // Of two fields with one name JSON.parse keeps the later.
        lines = []
        isInList = true
        isElementNext = true
      }
    }
  }
  return lines
}

/** The index after the quote that ends the string beginning at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
