import {StringDecoder} from 'node:string_decoder'

export interface Line {
  /** From 1, as an editor counts. */
  number: number
  /** Without its line end; undefined: longer than the limit, its text was let go. */
  text: string | undefined
}

/** The longest line that is kept in memory, in characters: larger than any event that can be stored. */
const maxLineLength = 64 * 1024 * 1024

/** Lines of UTF-8 bytes with their numbers. Never holds more than one line; LF or CRLF; a BOM is dropped. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, limit: number = maxLineLength): AsyncGenerator<Line> {
  const decoder = new StringDecoder('utf8')
  let number = 0
  let rest = ''
  let overlong = false
  const take = (tail: string): Line => {
    const text = (rest + tail).replace(/\r$/, '')
    const line = {number: ++number, text: overlong ? undefined : number === 1 ? text.replace(/^\ufeff/, '') : text}
    rest = ''
    overlong = false
    return line
  }
  for await (const chunk of chunks) {
    const pieces = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).split('\n')
    const last = pieces.pop()!
    for (const piece of pieces) yield take(piece)
    if (rest.length + last.length > limit) {
      overlong = true
      rest = ''
    } else if (!overlong) rest += last
  }
  rest += decoder.end()
  if (rest !== '' || overlong) yield take('')
}
