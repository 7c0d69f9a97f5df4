import type {ClawEvent} from '../event/envelope.ts'

/** A result beyond this is data, not something to remember. */
const longestResult = 1_000
const longestTarget = 80
/** Parameters that say what a call is about, the most telling first. */
const tellingParams = ['command', 'cmd', 'path', 'file_path', 'filePath', 'file', 'url', 'query', 'pattern', 'to', 'id']

export interface ToolCall {
  /** The tool and what it was called on, for people. */
  label: string
  /** The same for calls that do the same thing: a later success settles an earlier failure. */
  target: string
}

/** What a tool call is about. A command counts by its first two words: `npm test -- -t x` is `npm test`. */
export function callOf(data: Record<string, unknown>): ToolCall {
  const tool = typeof data['toolName'] === 'string' ? data['toolName'] : 'tool'
  const params = asFields(data['params'])
  const name = tellingParams.find((param) => typeof params[param] === 'string' && params[param] !== '')
  if (!name) return {label: tool, target: `${tool} ${JSON.stringify(params).slice(0, longestTarget)}`}
  const about = String(params[name]).trim()
  const isCommand = name === 'command' || name === 'cmd'
  const target = isCommand ? about.split(/\s+/, 2).join(' ') : about
  return {label: `${tool} ${about.slice(0, longestTarget)}`, target: `${tool} ${target.slice(0, longestTarget)}`}
}

/** The words of a tool's result: its text blocks, or the text it is, from its beginning. */
export function resultText({data, result}: ClawEvent): string {
  return textOfResult(data['result'] ?? result).slice(0, longestResult)
}

function textOfResult(result: unknown): string {
  if (typeof result === 'string') return result
  const content = asFields(result)['content']
  if (Array.isArray(content)) {
    const texts = content.map((block) => asFields(block)['text']).filter((text) => typeof text === 'string')
    return texts.join('\n')
  }
  const text = asFields(result)['text'] ?? asFields(result)['output'] ?? content
  return typeof text === 'string' ? text : ''
}

function asFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
