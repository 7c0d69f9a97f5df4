/** UTF-8 bytes that one UTF-16 unit takes inside a JSON string; a whole surrogate pair counts at its first half. */
function unitBytes(text: string, index: number): number {
  const unit = text.charCodeAt(index)
  if (unit === 0x22 || unit === 0x5c) return 2
  // \b \t \n \f \r have short forms, the other control characters are written as \u00xx.
  if (unit < 0x20) return unit === 8 || unit === 9 || unit === 10 || unit === 12 || unit === 13 ? 2 : 6
  if (unit < 0x80) return 1
  if (unit < 0x800) return 2
  if (unit < 0xd800 || unit > 0xdfff) return 3
  return isPair(text, index) ? 4 : 6
}

function isPair(text: string, index: number): boolean {
  const next = text.charCodeAt(index + 1)
  return text.charCodeAt(index) < 0xdc00 && next >= 0xdc00 && next <= 0xdfff
}

/** UTF-8 bytes of a text as a JSON string, without its quotes. */
export function jsonBytes(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const size = unitBytes(text, i)
    bytes += size
    if (size === 4) i++
  }
  return bytes
}

const ellipsis = '…'
const ellipsisBytes = 3

/** The longest start of a text that takes at most `limit` bytes as JSON, its cut marked; no surrogate pair is split. */
export function cutToJsonBytes(text: string, limit: number): string {
  let bytes = ellipsisBytes
  let end = 0
  while (end < text.length) {
    const size = unitBytes(text, end)
    if (bytes + size > limit) break
    bytes += size
    end += size === 4 ? 2 : 1
  }
  return end === text.length ? text : text.slice(0, end) + ellipsis
}
