import {randomUUID} from 'node:crypto'
import {readFileSync, realpathSync, renameSync, rmSync} from 'node:fs'
import {open} from 'node:fs/promises'
import path from 'node:path'
import {isDeepStrictEqual} from 'node:util'
import {ClawError, Exit, messageOf} from '../errors.ts'
import {isObject} from '../event/json.ts'
import type {Filter} from '../filter/filter.ts'

/** Where a replay is: what it goes on from, after it was stopped or killed. */
export interface ReplayPlace {
  version: 1
  /** The log that is replayed, and where to. */
  store: string
  stream: string
  to: string
  /** The filters as they were given: a relative time goes on meaning what it meant at first. */
  asked: Record<string, unknown>
  filter: Filter
  /** All up to this one has arrived; empty: none yet. */
  position: string
  sent: number
}

/** The place in a file; undefined where there is no such file yet. INPUT_INVALID where it is not that of this replay. */
export function readPlace(
  file: string,
  now: Omit<ReplayPlace, 'position' | 'sent' | 'filter'>,
): ReplayPlace | undefined {
  const place = parsePlace(file)
  if (place === undefined) return undefined
  for (const [name, what] of names) {
    if (!isDeepStrictEqual(place[name], now[name]))
      throw unusable(
        file,
        `it belongs to a replay with ${what} ${shown(place[name])}, this one has ${shown(now[name])}`,
      )
  }
  return place
}

const names = [
  ['store', 'the log'],
  ['stream', 'the stream'],
  ['to', '--to'],
  ['asked', 'the filters'],
] as const

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function parsePlace(file: string): ReplayPlace | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw unusable(file, messageOf(thrown), thrown)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    throw unusable(file, 'it is no JSON', thrown)
  }
  const isPlace =
    isObject(value) &&
    value['version'] === 1 &&
    typeof value['position'] === 'string' &&
    Number.isInteger(value['sent']) &&
    isObject(value['filter']) &&
    isObject(value['asked'])
  if (!isPlace) throw unusable(file, 'it is no file of --resume')
  return value as unknown as ReplayPlace
}

/** Writes beside and renames, so that the file is always one whole place, also after a power loss. */
export async function writePlace(file: string, place: ReplayPlace): Promise<void> {
  const target = realPath(file)
  const partial = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}-${randomUUID()}.partial`)
  try {
    const handle = await open(partial, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(place, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    renameSync(partial, target)
  } catch (thrown) {
    rmSync(partial, {force: true})
    throw new ClawError('OUTPUT_UNWRITABLE', `cannot write ${file}: ${messageOf(thrown)}`, {
      suggestions: ['name a file in a folder that exists and may be written'],
      cause: thrown,
    })
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return path.resolve(file)
  }
}

function unusable(file: string, why: string, cause?: unknown): ClawError {
  return new ClawError('INPUT_INVALID', `--resume ${file}: ${why}`, {
    exit: Exit.usage,
    suggestions: ['name another file, or remove it to begin anew'],
    cause,
  })
}
