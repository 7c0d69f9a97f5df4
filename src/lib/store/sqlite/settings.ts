import {existsSync} from 'node:fs'
import type {SettingChange, StorePlan, StoreSettings} from '../port.ts'
import {storeUrl, streamName} from './describe.ts'
import {logRow} from './head.ts'
import type {LogFile} from './log-file.ts'
import {createWriter} from './write.ts'

/** The settings that a log remembers; a pruner reads them (`logSettings`) and acts on them. */
export interface LogSettings {
  /** 0: keep for ever. */
  maxAgeMs: number
  /** Of the events' JSON; 0: no limit. */
  maxBytes: number
}

export function logSettings(file: LogFile): LogSettings {
  const row = logRow(file.reader(), 'max_age_ms, max_bytes')
  return {maxAgeMs: Number(row['max_age_ms']), maxBytes: Number(row['max_bytes'])}
}

/** Compares the log with what is asked for. `look` opens the log as it is, if it is there. */
export async function planSettings(
  path: string,
  settings: StoreSettings,
  look: (work: (file: LogFile) => LogSettings) => Promise<LogSettings>,
): Promise<StorePlan> {
  const exists = existsSync(path)
  const changes = exists ? changesOf(await look(logSettings), settings) : []
  return {store: storeUrl(path), stream: streamName(path), exists, changes, notes: notesOn(settings)}
}

/** Writes the settings that were asked for; the others stay as they are. */
export async function applySettings(file: LogFile, {maxAgeMs, maxBytes}: StoreSettings): Promise<void> {
  const now = logSettings(file)
  const wanted = {maxAgeMs: maxAgeMs ?? now.maxAgeMs, maxBytes: maxBytes ?? now.maxBytes}
  if (wanted.maxAgeMs === now.maxAgeMs && wanted.maxBytes === now.maxBytes) return
  await createWriter(file).write(({sql}) => {
    sql('UPDATE log SET max_age_ms = ?, max_bytes = ?').run(wanted.maxAgeMs, wanted.maxBytes)
  })
}

function changesOf(now: LogSettings, {maxAgeMs, maxBytes}: StoreSettings): SettingChange[] {
  const changes: SettingChange[] = []
  if (maxAgeMs !== undefined && maxAgeMs !== now.maxAgeMs) {
    changes.push({field: 'maxAge', now: ageText(now.maxAgeMs), wanted: ageText(maxAgeMs)})
  }
  if (maxBytes !== undefined && maxBytes !== now.maxBytes) {
    changes.push({field: 'maxBytes', now: bytesText(now.maxBytes), wanted: bytesText(maxBytes)})
  }
  return changes
}

function notesOn({replicas = 1, immutable = false}: StoreSettings): string[] {
  const notes: string[] = []
  if (replicas > 1) {
    notes.push(`an embedded log is one file on this machine: ${replicas} replicas need a NATS cluster`)
  }
  if (immutable) {
    notes.push('who can write the file of an embedded log can change it: `stream verify` shows that it was changed')
  }
  return notes
}

const units: ReadonlyArray<readonly [string, number]> = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** The form in which ages are written on the command line: `90d`. */
function ageText(ms: number): string {
  if (ms === 0) return 'no limit'
  const [unit, size] = units.find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

function bytesText(bytes: number): string {
  return bytes === 0 ? 'no limit' : `${bytes}`
}
