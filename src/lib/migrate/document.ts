import {hash} from 'node:crypto'
import {isObject} from '../event/json.ts'
import {dateOfFields, dateOfName, timestampOf} from './dates.ts'
import {type Fact, factsOf} from './facts.ts'
import {readFrontMatter} from './front-matter.ts'
import {outlineOf} from './markdown.ts'
import type {FileContent} from './read-file.ts'

export type FileType = 'memory.daily_note' | 'memory.long_term' | 'memory.entity'

/** Where a time comes from. Only the modification time is not content: it is in no id. */
export type TimeFrom = 'file-name' | 'front-matter' | 'fact' | 'mtime'

export interface Timed {
  /** Epoch milliseconds. */
  timeMs: number
  timestamp: string
  timeFrom: TimeFrom
}

/** A `##` section of a note, or a fact. */
export interface Part extends Timed {
  heading: string
  text: string
  line: number
  sha256: string
  fact?: Record<string, unknown>
}

/** A memory file, read and understood. */
export interface MemoryDocument extends Timed {
  path: string
  type: FileType
  heading: string
  text: string
  sha256: string
  frontMatter?: Record<string, unknown>
  frontMatterFault?: string
  parts: Part[]
}

/** What a memory file says. Throws `Unreadable` for a list of facts that is broken. */
export async function readDocument(path: string, content: FileContent): Promise<MemoryDocument> {
  return path.endsWith('.json') ? factsDocument(path, content) : noteDocument(path, content)
}

async function noteDocument(path: string, {text, sha256, mtimeMs}: FileContent): Promise<MemoryDocument> {
  const body = withoutMark(text)
  const {fields, fault, end} = await readFrontMatter(body)
  const time = timeOf(path, fields, mtimeMs)
  const {title, sections} = outlineOf(body, end)
  return {
    path,
    type: typeOf(path),
    heading: asName(title),
    text,
    sha256,
    ...time,
    ...(fields && {frontMatter: fields}),
    ...(fault !== undefined && {frontMatterFault: fault}),
    parts: sections.map((section) => ({
      ...section,
      heading: asName(section.heading),
      ...time,
      sha256: hash('sha256', section.text),
    })),
  }
}

function factsDocument(path: string, {text, sha256, mtimeMs}: FileContent): MemoryDocument {
  const time = timeOf(path, undefined, mtimeMs)
  const parts = factsOf(withoutMark(text)).map((fact) => partOf(fact, time))
  return {path, type: typeOf(path), heading: '', text, sha256, ...time, parts}
}

function partOf({id, text, line, date, value}: Fact, time: Timed): Part {
  return {
    heading: asName(id),
    text,
    line,
    // Of the whole fact, however the file is indented: a status that changes is a change, a new layout is none.
    sha256: hash('sha256', JSON.stringify(value)),
    ...(date === undefined ? time : timed(date, 'fact')),
    ...(isObject(value) && {fact: value}),
  }
}

const longestName = 1024

/** A heading as a place's name. A store cuts long strings of a large event, and a cut name would be another place. */
function asName(heading: string): string {
  return heading.length <= longestName ? heading : heading.slice(0, longestName).toWellFormed()
}

/** What kind of memory a path holds. */
export function typeOf(path: string): FileType {
  if (path.startsWith('memory/')) return 'memory.daily_note'
  return path === 'MEMORY.md' ? 'memory.long_term' : 'memory.entity'
}

function timeOf(path: string, fields: object | undefined, mtimeMs: number): Timed {
  const named = dateOfName(path)
  if (named !== undefined) return timed(named, 'file-name')
  const told = fields && dateOfFields(fields)
  return told === undefined ? timed(mtimeMs, 'mtime') : timed(told, 'front-matter')
}

function timed(timeMs: number, timeFrom: TimeFrom): Timed {
  return {timeMs, timestamp: timestampOf(timeMs), timeFrom}
}

function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, '')
}
