import {setImmediate} from 'node:timers/promises'
import {ClawError, Exit} from '../errors.ts'
import {readDocument} from './document.ts'
import type {KnownFile, Ledger} from './ledger.ts'
import {placesOf} from './places.ts'
import {readWholeFile} from './read-file.ts'
import type {MemoryFile, Scan} from './scan.ts'

/** So much of an agent's memory that a wrong or empty folder is likelier than that it is gone. */
export interface Removals {
  agentId: string
  workspace: string
  /** Files and sections of which the log says that they are there. */
  known: number
  /** Those of them that the workspace no longer has. */
  removed: number
}

/** Below so many, more than half of them may well go at once. */
const fewKnown = 10

/** Whether it is everything, or more than half of what is not little. */
export function areMost({known, removed}: Pick<Removals, 'known' | 'removed'>): boolean {
  return removed > 0 && (removed === known || (known >= fewKnown && removed > known / 2))
}

/** The error of a run that would record that much as removed, and that nobody has allowed to. */
export function tooManyRemovals(removals: Removals): ClawError {
  return new ClawError('USAGE', `${removalsText(removals)}; nothing was recorded`, {
    exit: Exit.usage,
    suggestions: [
      '--workspace names the folder that holds MEMORY.md and memory/: check that it is the right one',
      'if they are really gone, add --allow-removals; --dry-run shows what would be recorded',
    ],
  })
}

export function removalsText({agentId, workspace, known, removed}: Removals): string {
  const what = removed === known ? `all ${known}` : `${removed} of the ${known}`
  const noun = known === 1 ? 'the one file that the log holds' : `${what} files and sections that the log holds`
  return `${noun} of agent ${agentId} ${known === 1 ? 'is' : 'are'} not in ${workspace}`
}

const filesPerTurn = 64

/** Counts, before anything is written, what a run would record as removed. A file that cannot be read counts as there. */
export async function countRemovals(
  {files, failed}: Scan,
  ledger: Ledger,
  signal?: AbortSignal,
): Promise<{known: number; removed: number}> {
  const present = new Map(files.map((file) => [file.path, file]))
  const unread = new Set(failed.map(({path}) => path))
  let known = 0
  let removed = 0
  for (const [index, path] of ledger.paths().entries()) {
    const recorded = ledger.peek(path)
    const alive = aliveOf(recorded)
    known += alive
    const file = present.get(path)
    if (file) removed += await vanishedFrom(file, recorded)
    else if (!isIn(unread, path)) removed += alive
    if (index % filesPerTurn === 0) {
      await setImmediate()
      signal?.throwIfAborted()
    }
  }
  return {known, removed}
}

function aliveOf({sha256, parts}: KnownFile): number {
  return parts.filter((part) => part.sha256 !== undefined).length + (sha256 === undefined ? 0 : 1)
}

async function vanishedFrom({path, location}: MemoryFile, known: KnownFile): Promise<number> {
  try {
    const content = readWholeFile(location)
    if (content.sha256 === known.sha256) return 0
    return placesOf((await readDocument(path, content)).parts, known.parts).vanished.length
  } catch {
    // The run itself will say why it cannot be read; nothing of it is recorded as removed then.
    return 0
  }
}

/** Whether `path` or a folder around it is among `paths`: of what could not be read nobody knows that it is gone. */
export function isIn(paths: ReadonlySet<string>, path: string): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    if (paths.has(path.slice(0, end))) return true
  return false
}
