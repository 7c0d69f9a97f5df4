import {createUtf8Decoder} from './utf8.ts'

/** One piece of an input file: a line, or an element of a JSON array. */
export interface InputRecord {
  /** The line on which it starts, from 1. */
  line: number
  text: string
  /** Why it cannot be read. */
  fault?: string
}

/** The longest record that is kept, in characters: larger than any event that can be stored. */
export const recordLimit = 64 * 1024 * 1024

/**
 * Splits UTF-8 bytes into records: the elements of a JSON array when the first character is `[`, lines otherwise.
 * Gives them in batches, one for each chunk, and never holds more than one record beyond that. A record that is no
 * UTF-8 is a fault: read as text it would be changed.
 */
export async function* recordBatches(
  chunks: AsyncIterable<Uint8Array>,
  limit: number = recordLimit,
): AsyncGenerator<InputRecord[]> {
  const decoder = createUtf8Decoder()
  let splitter: LineSplitter | ArraySplitter | undefined
  let blank = ''
  for await (const chunk of chunks) {
    let text = decoder.write(chunk)
    if (splitter === undefined) {
      text = (blank + text).replace(/^\ufeff/, '')
      const [first] = text.trimStart()
      if (first === undefined) {
        blank = text
        continue
      }
      splitter = first === '[' ? new ArraySplitter(limit) : new LineSplitter(limit)
    }
    const records = splitter.push(text)
    if (records.length > 0) yield records
  }
  if (splitter === undefined) return
  const records = [...splitter.push(decoder.end()), ...splitter.end()]
  if (records.length > 0) yield records
}

/** The record that is being read, up to a limit. */
class Rest {
  private text = ''
  private isOverlong = false
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(piece: string): void {
    if (this.text.length + piece.length > this.limit) this.isOverlong = true
    this.text = this.isOverlong ? '' : this.text + piece
  }

  /** The record that ends with `piece`; `from` is the line on which what stands before it ended. */
  take(from: number, piece: string): InputRecord {
    this.add(piece)
    const {text, isOverlong, limit} = this
    this.text = ''
    this.isOverlong = false
    const first = text.charCodeAt(0)
    const line = first > space && first < 128 ? from : from + blankLines(text)
    if (isOverlong) return {line, text: '', fault: `longer than ${limit} characters`}
    return text.isWellFormed() ? {line, text} : {line, text: '', fault: 'not valid UTF-8'}
  }
}

/** How many lines end before the first character that is not blank. */
function blankLines(text: string): number {
  return text.slice(0, text.length - text.trimStart().length).split('\n').length - 1
}

class LineSplitter {
  private line = 0
  private readonly rest: Rest

  constructor(limit: number) {
    this.rest = new Rest(limit)
  }

  push(text: string): InputRecord[] {
    const records: InputRecord[] = []
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      records.push(this.rest.take(++this.line, text.slice(start, end)))
      start = end + 1
    }
    this.rest.add(text.slice(start))
    return records
  }

  end(): InputRecord[] {
    return [this.rest.take(++this.line, '')]
  }
}

/** Finds the commas between the elements of an array; what an element holds is left to the JSON parser. */
class ArraySplitter {
  private line = 1
  private startLine = 1
  private depth = 0
  private inText = false
  private isEscaped = false
  private isClosed = false
  private count = 0
  private readonly rest: Rest

  constructor(limit: number) {
    this.rest = new Rest(limit)
  }

  push(text: string): InputRecord[] {
    const records: InputRecord[] = []
    let start = 0
    for (let index = 0; index < text.length && !this.isClosed; index++) {
      const separator = this.step(text.charCodeAt(index))
      if (separator === undefined) continue
      if (separator !== 'open') this.finish(records, text.slice(start, index), separator)
      this.startLine = this.line
      start = index + 1
    }
    this.rest.add(text.slice(start))
    return records
  }

  end(): InputRecord[] {
    const {line} = this
    const {text, fault} = this.rest.take(line, '')
    if (!this.isClosed) return [{line, text: '', fault: 'the JSON array is never closed'}]
    return text.trim() === '' && fault === undefined
      ? []
      : [{line, text: '', fault: 'there is more after the JSON array'}]
  }

  private step(code: number): 'open' | 'comma' | 'close' | undefined {
    if (code === newline) this.line++
    if (this.inText) {
      if (this.isEscaped) this.isEscaped = false
      else if (code === backslash) this.isEscaped = true
      else if (code === quote) this.inText = false
      return undefined
    }
    if (code === quote) this.inText = true
    else if (code === openBrace || code === openBracket) return this.depth++ === 0 ? 'open' : undefined
    else if (code === closeBrace || code === closeBracket) return --this.depth === 0 ? 'close' : undefined
    return code === comma && this.depth === 1 ? 'comma' : undefined
  }

  private finish(records: InputRecord[], piece: string, separator: 'comma' | 'close'): void {
    this.isClosed = separator === 'close'
    const record = this.rest.take(this.startLine, piece)
    const isBlank = record.text.trim() === '' && record.fault === undefined
    // `[]` has no element; `[1,]` has a bad one.
    if (isBlank && this.isClosed && this.count === 0) return
    this.count++
    records.push(isBlank ? {...record, text: '', fault: 'an element is missing'} : record)
  }
}

const newline = 10
const space = 32
const quote = 34
const comma = 44
const openBracket = 91
const backslash = 92
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
