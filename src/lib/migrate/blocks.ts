/** Lines that are not read as Markdown: a fenced code block or a comment. */
export interface Block {
  /** What a line is to the block that was open before it: within, its end, or already after it. */
  roleOf(line: string): 'inside' | 'end' | 'after'
}

/** The block that a line opens, if it opens one (CommonMark 4.5 and 4.6, condition 2). */
export function blockOpenedBy(line: string): Block | undefined {
  return fenceOpenedBy(line) ?? commentOpenedBy(line)
}

/** Up to three spaces, the marks of list items that begin on the line, the fence and what is said of the code. */
const fenceForm = /^( {0,3}(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(`{3,}|~{3,})(.*)$/s

function fenceOpenedBy(line: string): Block | undefined {
  const found = fenceForm.exec(line)
  if (!found) return undefined
  const [, lead = '', fence = '', info = ''] = found
  // `` ```code``` `` on one line is a code span.
  if (fence.startsWith('`') && info.includes('`')) return undefined
  const isInList = lead.trim() !== ''
  const indent = isInList ? lead.length : 0
  return {
    roleOf(next) {
      const content = next.trim()
      const depth = next.length - next.trimStart().length
      // An item of a list ends with the first line that is indented less than its text, and so does its code.
      if (isInList && content !== '' && depth < indent) return 'after'
      return depth <= indent + 3 && closes(content, fence) ? 'end' : 'inside'
    },
  }
}

function closes(content: string, fence: string): boolean {
  return content.length >= fence.length && content.startsWith(fence) && content === fence[0]!.repeat(content.length)
}

function commentOpenedBy(line: string): Block | undefined {
  const content = line.trimStart()
  if (!content.startsWith('<!--') || content.includes('-->')) return undefined
  return {roleOf: (next) => (next.includes('-->') ? 'end' : 'inside')}
}
