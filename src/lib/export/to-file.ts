import {realpathSync} from 'node:fs'
import {ClawError, Exit} from '../errors.ts'
import {isManifestPath, type Manifest, manifestPath} from '../input/manifest.ts'
import type {EventStore} from '../store/port.ts'
import {describeLog, type ExportOptions, type ExportTally, exportEvents} from './export.ts'
import {openOutputFile} from './output-file.ts'

export interface FileExportOptions extends ExportOptions {
  /** The earlier export that this one goes on from: not to be written over. */
  since?: string
  /** Epoch milliseconds. */
  now: () => number
}

export type FileExport = Manifest & ExportTally

/** Exports to a file that is there as a whole or not at all, with its manifest beside it. */
export async function exportToFile(store: EventStore, name: string, options: FileExportOptions): Promise<FileExport> {
  const {filter, format, after, since, now} = options
  const about = await describeLog(store)
  assertOther(name, about.store.replace(/^sqlite:/, ''), 'the event log itself')
  if (since !== undefined) {
    const earlier = isManifestPath(since) ? since.slice(0, -manifestPath('').length) : since
    assertOther(name, earlier, 'the earlier export, which this one needs beside it')
  }
  const file = openOutputFile(name)
  try {
    const createdAt = new Date(now()).toISOString()
    const tally = await exportEvents(store, file.line, options)
    const facts = await file.finish()
    const manifest: FileExport = {
      manifestVersion: 1,
      format,
      store: about.store,
      stream: about.stream,
      filter: {...filter},
      ...(after !== undefined && {after}),
      ...tally,
      compression: file.compression,
      ...facts,
      createdAt,
    }
    await file.publish(manifest)
    return manifest
  } catch (thrown) {
    await file.discard()
    throw thrown
  }
}

function assertOther(name: string, other: string, what: string): void {
  if (realPath(name) !== realPath(other)) return
  throw new ClawError('USAGE', `${name} is ${what}`, {exit: Exit.usage, suggestions: ['name another file']})
}

function realPath(name: string): string {
  try {
    return realpathSync(name)
  } catch {
    return name
  }
}
