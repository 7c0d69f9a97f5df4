import {unusable} from './unusable.ts'

/** How the text of an environment variable is read. */
export type VariableKind = 'flag' | 'number' | 'text' | 'texts' | 'numbers' | 'json'

const flags = new Map([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
])

/** A value, or what was expected instead. */
export type VariableValue = {value: unknown} | {expected: string; found?: string}

/** Reads a variable by the kind of its key. Lists are separated by commas, or JSON. */
export function readVariable(text: string, kind: VariableKind): VariableValue {
  const trimmed = text.trim()
  switch (kind) {
    case 'flag': {
      const value = flags.get(trimmed.toLowerCase())
      return value === undefined ? {expected: 'true or false (1 or 0, yes or no)'} : {value}
    }
    case 'number':
      return readNumber(trimmed)
    case 'text':
      return {value: text}
    case 'json':
      return readJson(trimmed, 'JSON')
    default:
      return trimmed.startsWith('[') ? readJson(trimmed, 'a list in JSON') : readList(trimmed, kind)
  }
}

function readNumber(text: string): VariableValue {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? {value: Number(text)} : {expected: 'a number'}
}

function readList(text: string, kind: 'texts' | 'numbers'): VariableValue {
  const items = text.split(',').map((item) => item.trim())
  const filled = items.filter((item) => item !== '')
  if (kind === 'texts') return {value: filled}
  const numbers = filled.map(readNumber)
  const isWhole = numbers.every((number) => 'value' in number)
  return isWhole ? {value: numbers.map(({value}) => value)} : {expected: 'numbers separated by commas'}
}

function readJson(text: string, expected: string): VariableValue {
  try {
    const value: unknown = JSON.parse(text)
    return unusable(value) ?? {value}
  } catch {
    // Not the text itself: what is in it is not known, and it may be a secret.
    return {expected, found: 'a text that is none'}
  }
}
