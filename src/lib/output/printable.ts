// C0 and C1 controls, DEL, line and paragraph separators, bidi controls, invisible format characters, tags and lone
// surrogates: everything with which text from an event could act on a terminal or hide from its reader. The joiners
// U+200C and U+200D stay: Persian and many emoji are written with them.
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu

const short: Record<string, string> = {'\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e'}

/** Text that can only be read: every character that acts on a terminal is shown as an escape such as `\e` or `\u202e`. */
export function printable(text: string, {newlines = false}: {newlines?: boolean} = {}): string {
  return text.replace(unsafe, (character) => {
    if (newlines && character === '\n') return character
    return short[character] ?? `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`
  })
}

/** One line of at most `width` columns, cut with `…`; wide characters count twice. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let used = 0
  let end = 0
  for (const character of text) {
    used += columnsOf(character)
    if (used > width - 1) break
    end += character.length
  }
  return `${text.slice(0, end)}…`
}

export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += columnsOf(character)
  return width
}

/** East Asian wide and emoji blocks take two columns, combining marks none (an approximation of UAX #11). */
function columnsOf(character: string): number {
  const code = character.codePointAt(0)!
  if (code < 0x300) return 1
  if (/\p{M}/u.test(character)) return 0
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  return wide ? 2 : 1
}
