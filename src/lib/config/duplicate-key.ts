/**
 * The first key that stands twice in one object of a text that is valid JSON, as a path; undefined when there is none.
 * `JSON.parse` takes the last one without a word, so that a second `rules` would empty the first.
 */
export function duplicateKey(json: string): string | undefined {
  const open: Array<{keys: Set<string>; key: string} | undefined> = []
  let isKey = false
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === '{') open.push({keys: new Set(), key: ''})
    else if (character === '[') open.push(undefined)
    else if (character === '}' || character === ']') open.pop()
    if (character === '{' || character === ',') isKey = open.at(-1) !== undefined
    if (character !== '"') continue
    const end = endOfText(json, at)
    const object = open.at(-1)
    if (isKey && object !== undefined) {
      object.key = JSON.parse(json.slice(at, end))
      if (object.keys.has(object.key)) return open.flatMap((one) => one?.key ?? []).join('.')
      object.keys.add(object.key)
      isKey = false
    }
    at = end - 1
  }
  return undefined
}

/** Behind the quote that ends the text which begins at `start`. */
function endOfText(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}
