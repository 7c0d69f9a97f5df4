import {readFile} from 'node:fs/promises'
import path from 'node:path'
import {ClawError, messageOf} from '../errors.ts'
import type {Compression} from './decompress.ts'

/** What stands beside an exported file (docs/export.md): what it holds, and how to see that it is whole. */
export interface Manifest {
  manifestVersion: 1
  format: string
  /** The log that was exported: its URL without secrets, and its stream. */
  store: string
  stream: string
  filter: Record<string, unknown>
  /** Events; `lines` of the file differ from them where a format makes other things of events. */
  count: number
  lines: number
  types: Record<string, number>
  /** Positions of the first and last exported event. */
  first: string | null
  last: string | null
  lastEventId: string | null
  /** The log was read up to this position, whether the event there was exported or not. */
  through: string
  /** The export that this one goes on from. */
  after?: string
  compression: Compression
  bytes: number
  sha256: string
  contentBytes: number
  contentSha256: string
  createdAt: string
  /** The log's hash chain as the export began, where it has one. */
  chainHead?: {position: string; sha256: string}
  /** Stretches of the log that could not be read, and how many events that are. */
  lost: Array<{first: string; last: string; events: number; reason: string}>
  lostEvents: number
}

const ending = '.manifest.json'

export function manifestPath(file: string): string {
  return `${file}${ending}`
}

/** Whether a path is that of a manifest, and not of an exported file. */
export function isManifestPath(file: string): boolean {
  return file.endsWith(ending)
}

/** The manifest at a path; undefined where there is none. INPUT_INVALID for a file that is none of ours. */
export async function readManifest(file: string): Promise<Manifest | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw unusable(file, messageOf(error), error)
  }
  const value = parse(text, file)
  const fault = faultIn(value)
  if (fault !== undefined) throw unusable(file, fault)
  return value as Manifest
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unusable(file, 'it is no JSON', error)
  }
}

const texts = ['format', 'store', 'stream', 'through', 'sha256', 'contentSha256']
const numbers = ['count', 'lines', 'bytes', 'contentBytes']

function faultIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is no JSON object'
  const field = (name: string): unknown => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined)
  if (field('manifestVersion') !== 1) return `manifestVersion is ${JSON.stringify(field('manifestVersion'))}, not 1`
  const wrong =
    texts.find((name) => typeof field(name) !== 'string') ?? numbers.find((name) => typeof field(name) !== 'number')
  if (wrong !== undefined) return `${wrong} is ${JSON.stringify(field(wrong))}`
  const filter = field('filter')
  return typeof filter === 'object' && filter !== null ? undefined : 'it has no filter'
}

function unusable(file: string, why: string, cause?: unknown): ClawError {
  return new ClawError('INPUT_INVALID', `the manifest ${path.basename(file)} cannot be used: ${why}`, {
    suggestions: ['export again, or move the manifest away to go on without its checks'],
    cause,
  })
}
