import {isDeepStrictEqual} from 'node:util'
import {ClawError, Exit} from '../errors.ts'
import type {Position} from '../event/envelope.ts'
import {everything, type Filter} from '../filter/filter.ts'
import {isManifestPath, type Manifest, manifestPath, readManifest} from '../input/manifest.ts'
import type {EventStore} from '../store/port.ts'
import {type ExportFormat, exportFormats} from './export.ts'

/** The manifest of an earlier export: `file` is that export, or the manifest itself. */
export async function readPrevious(file: string): Promise<Manifest> {
  const place = isManifestPath(file) ? file : manifestPath(file)
  const manifest = await readManifest(place)
  if (manifest) return manifest
  throw new ClawError('INPUT_UNREADABLE', `there is no manifest at ${place} to go on from`, {
    exit: Exit.usage,
    suggestions: ['name a file that export made, with its manifest beside it'],
  })
}

/** How to go on: like the earlier export, so that both together are what one export of the whole would be. */
export function continuation(
  previous: Manifest,
  {filter, format = formatOf(previous)}: {filter: Filter; format?: ExportFormat},
): {filter: Filter; format: ExportFormat} {
  if (format === 'otlp') throw wrong('a trace may go on after the earlier export', 'give --since and --until instead')
  if (format !== previous.format)
    throw wrong(`the earlier export has the format ${previous.format}`, 'leave --format out')
  const isGiven = Object.keys(filter).length > 0
  if (isGiven && !isDeepStrictEqual({...filter}, previous.filter))
    throw wrong('the earlier export has other filters', 'leave the filters out: it goes on with the same')
  return {filter: previous.filter, format}
}

function formatOf({format}: Manifest): ExportFormat {
  const known = exportFormats.find((name) => name === format)
  if (known) return known
  throw wrong(`the earlier export has a format that is not known here: ${format}`, 'export all of it again')
}

function wrong(what: string, suggestion: string): ClawError {
  return new ClawError('USAGE', `--since-export cannot go on from there: ${what}`, {
    exit: Exit.usage,
    suggestions: [suggestion],
  })
}

/**
 * The position after which an export goes on. INPUT_INVALID where the earlier one is not of this log: its positions
 * would mean other events, and some would be missing without a word.
 */
export async function positionAfter(store: EventStore, previous: Manifest): Promise<Position> {
  const {through, last, lastEventId} = previous
  const head = (await store.head()) ?? ''
  if (through > head)
    throw otherLog(previous, `it was read up to ${through}, and this log ends at ${head || 'its start'}`)
  const isSame = last === null ? undefined : await holds(store, last, lastEventId)
  if (isSame === false) throw otherLog(previous, `another event is at ${last}`)
  if (isSame === true) return through
  const about = await store.describe()
  if (about.store === previous.store && about.stream === previous.stream) return through
  throw otherLog(
    previous,
    `it was made of ${previous.store} ${previous.stream}, this is ${about.store} ${about.stream}`,
  )
}

/** Undefined: the event at that place was pruned. */
async function holds(store: EventStore, position: Position, eventId: string | null): Promise<boolean | undefined> {
  for await (const event of store.read(everything, {to: position, order: 'desc', limit: 1})) {
    return event.position === position ? event.eventId === eventId : undefined
  }
  return undefined
}

function otherLog({createdAt}: Manifest, why: string): ClawError {
  return new ClawError('INPUT_INVALID', `the export of ${createdAt} is not of this log: ${why}`, {
    exit: Exit.usage,
    suggestions: ['export all of this log, without --since-export'],
  })
}
