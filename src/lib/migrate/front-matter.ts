import {messageOf} from '../errors.ts'

export interface FrontMatter {
  fields?: Record<string, unknown>
  /** Why the block could not be read; its lines then belong to the text. */
  fault?: string
  /** Where the text after it begins. */
  end: number
}

const none: FrontMatter = {end: 0}

/**
 * The YAML block that `text` begins with. What stands between two rules (`---`) without being a map of fields is
 * text, so that a note which opens with a rule loses no section to it.
 */
export async function readFrontMatter(text: string): Promise<FrontMatter> {
  const block = blockOf(text)
  if (!block) return none
  // Most notes have none, and the parser takes longer to load than such a note to migrate.
  const {parseDocument} = (await import('yaml')).default
  try {
    const document = parseDocument(block.yaml, {logLevel: 'silent'})
    const [fault] = document.errors
    if (fault) return {fault: firstLine(fault.message), end: 0}
    const fields = asJson(document.toJS({maxAliasCount: 100}))
    return isMap(fields) ? {fields, end: block.end} : none
  } catch (error) {
    return {fault: firstLine(messageOf(error)), end: 0}
  }
}

function blockOf(text: string): {yaml: string; end: number} | undefined {
  const opening = /^---[ \t]*\r?\n/.exec(text)
  if (!opening) return undefined
  const closing = /^(?:---|\.\.\.)[ \t]*\r?$/gm
  closing.lastIndex = opening[0].length
  const found = closing.exec(text)
  if (!found) return undefined
  return {yaml: text.slice(opening[0].length, found.index), end: Math.min(closing.lastIndex + 1, text.length)}
}

/** What a log keeps of it. Throws on an anchor that holds itself. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null))
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/:$/, '')
}
