import {type Block, blockOpenedBy} from './blocks.ts'

export interface Section {
  heading: string
  /** From the heading's own line to the next section's, byte for byte. */
  text: string
  /** Of the heading, from 1, in the whole file. */
  line: number
}

export interface Outline {
  /** The first `#` heading; '' where there is none. */
  title: string
  sections: Section[]
}

/**
 * Cuts Markdown at its `##` headings (CommonMark's ATX headings of level 2), not at what only looks like one in a
 * code block or a comment. The sections together are the text from the first of them on; what stands before it is no
 * section, and is found in the text of the whole file.
 */
export function outlineOf(text: string, start = 0): Outline {
  let title = ''
  const starts: Heading[] = []
  for (const heading of headingsOf(text, start)) {
    if (heading.level === 2) starts.push(heading)
    else title ||= heading.heading
  }
  const sections = starts.map(({heading, line, at}, index) => ({
    heading,
    line,
    text: text.slice(at, starts[index + 1]?.at),
  }))
  return {title, sections}
}

interface Heading {
  level: 1 | 2
  heading: string
  at: number
  line: number
}

function* headingsOf(text: string, start: number): Generator<Heading> {
  let block: Block | undefined
  let line = linesBefore(text, start)
  for (let at = start, next = at; at < text.length; at = next) {
    next = text.indexOf('\n', at) + 1 || text.length
    line++
    const role = block?.roleOf(text.slice(at, next)) ?? 'after'
    if (role !== 'inside') block = undefined
    if (role !== 'after') continue
    const mark = markOf(text, at, next)
    if (mark === '#') {
      const heading = headingOf(text.slice(at, next).trim())
      if (heading) yield {...heading, at, line}
    } else if (mark !== '') block = blockOpenedBy(text.slice(at, next))
  }
}

const marks = '#`~<-*+0123456789'

/** The character that makes a line more than text; '' for text, and for a line indented like code. */
function markOf(text: string, at: number, end: number): string {
  let mark = at
  while (mark < end && text[mark] === ' ') mark++
  const character = text[mark]
  return mark - at <= 3 && character !== undefined && marks.includes(character) ? character : ''
}

function headingOf(line: string): {level: 1 | 2; heading: string} | undefined {
  const level = line.startsWith('##') ? 2 : 1
  const rest = line.slice(level)
  if (rest !== '' && rest[0] !== ' ' && rest[0] !== '\t') return undefined
  return {level, heading: withoutClosing(rest.trim())}
}

/** `Plans ##` is `Plans`; `C#` stays. */
function withoutClosing(heading: string): string {
  let end = heading.length
  while (end > 0 && heading[end - 1] === '#') end--
  const isClosing = end === 0 || heading[end - 1] === ' ' || heading[end - 1] === '\t'
  return isClosing ? heading.slice(0, end).trim() : heading
}

function linesBefore(text: string, end: number): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
