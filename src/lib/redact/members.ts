// A JSON member's name and colon, also with its quotes escaped by an outer JSON string.
const memberStart = /(\\*)"([^"\\\n]{1,100})\\*"\s{0,8}:\s{0,8}/g

/**
 * Masks the values of members in a text that is not JSON as a whole, such as the first half of a document or a line
 * of a log with JSON in it. A value that does not end is masked to the end of the text.
 */
export function maskMembers(text: string, isHidden: (name: string) => boolean, replacement: string): string {
  if (!text.includes('":') && !text.includes('" :')) return text
  const parts: string[] = []
  let copied = 0
  memberStart.lastIndex = 0
  for (let found = memberStart.exec(text); found !== null; found = memberStart.exec(text)) {
    const [member, escapes = '', name = ''] = found
    const start = found.index + member.length
    if (!isHidden(name) || text.startsWith('null', start)) continue
    parts.push(text.slice(copied, start), `${escapes}"${replacement}${escapes}"`)
    copied = endOfValue(text, start)
    memberStart.lastIndex = copied
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied)
}

function endOfValue(text: string, start: number): number {
  const quote = /^\\*"/.exec(text.slice(start, start + 20))?.[0]
  if (quote !== undefined) return endOfString(text, start, quote)
  if (text[start] === '{' || text[start] === '[') return endOfBrackets(text, start)
  const scalar = /[^,}\]\s]*/y
  scalar.lastIndex = start
  scalar.test(text)
  return scalar.lastIndex
}

/** After the closing quote, which has exactly as many backslashes before it as the opening one. */
function endOfString(text: string, start: number, quote: string): number {
  let end = text.indexOf(quote, start + quote.length)
  while (end > 0 && text[end - 1] === '\\') end = text.indexOf(quote, end + 1)
  return end < 0 ? text.length : end + quote.length
}

/** After the bracket that closes the one at `start`; brackets inside strings do not count. */
function endOfBrackets(text: string, start: number): number {
  let depth = 0
  let isString = false
  for (let i = start; i < text.length; i++) {
    const character = text[i]
    if (character === '"' && text[i - 1] !== '\\') isString = !isString
    else if (isString) continue
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      depth--
      if (depth === 0) return i + 1
    }
  }
  return text.length
}
