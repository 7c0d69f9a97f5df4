import {messageOf} from '../errors.ts'
import {isObject} from '../event/json.ts'
import {dateOfFields} from './dates.ts'
import {linesOfElements} from './json-lines.ts'
import {Unreadable} from './unreadable.ts'

export interface Fact {
  /** The fact's own id; '' where it has none. */
  id: string
  text: string
  /** From 1. */
  line: number
  /** Epoch milliseconds. */
  date: number | undefined
  value: unknown
}

/** The names under which a fact's sentence is kept, and a file's list of facts when the file is not the list itself. */
const textKeys = ['fact', 'text', 'content', 'value', 'description', 'title']
const listKeys = ['items', 'facts']

/** The facts of an `items.json`; none where the file holds something else. Broken JSON is `Unreadable`. */
export function factsOf(text: string): Fact[] {
  const root = parse(text)
  const key = Array.isArray(root) ? undefined : listKeys.find((name) => Array.isArray(fieldOf(root, name)))
  const list = key === undefined ? root : fieldOf(root, key)
  if (!Array.isArray(list)) return []
  const lines = linesOfElements(text, key)
  return list.map((value, index) => ({
    id: idOf(value),
    text: sentenceOf(value),
    line: lines[index] ?? 1,
    date: isObject(value) ? dateOfFields(value) : undefined,
    value,
  }))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Unreadable(`broken JSON: ${messageOf(error)}`, {cause: error})
  }
}

function idOf(value: unknown): string {
  const id = fieldOf(value, 'id')
  return typeof id === 'string' || typeof id === 'number' ? String(id) : ''
}

function sentenceOf(value: unknown): string {
  if (typeof value === 'string') return value
  const sentence = textKeys
    .map((key) => fieldOf(value, key))
    .find((field) => typeof field === 'string' && field.trim() !== '')
  return typeof sentence === 'string' ? sentence : JSON.stringify(value)
}

function fieldOf(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}
