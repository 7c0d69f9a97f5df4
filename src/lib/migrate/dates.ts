import {basename} from 'node:path/posix'
import {parseIsoTime, toTimestamp} from '../event/timestamp.ts'

/** Epoch milliseconds of the day that a file's name begins with (`2026-03-14-boiler.md`); undefined: none. */
export function dateOfName(path: string): number | undefined {
  const found = /^(\d{4}-\d{2}-\d{2})(?!\d)/.exec(basename(path))
  return found ? asTime(parseIsoTime(found[1]!)) : undefined
}

/** Where front matter and facts tell their time; the first that holds one counts. */
const dateKeys = ['date', 'timestamp', 'created', 'createdAt', 'created_at']

/** Below it a number is a day written without dashes (20260314) rather than seconds since 1970. */
const smallestEpoch = 1e9

/** Epoch milliseconds that the fields themselves tell; undefined: none of them is a date. */
export function dateOfFields(fields: object): number | undefined {
  const values = new Map(Object.entries(fields))
  return dateKeys.map((key) => timeOfValue(values.get(key))).find((time) => time !== undefined)
}

function timeOfValue(value: unknown): number | undefined {
  if (typeof value === 'string') return asTime(parseIsoTime(value.trim()))
  if (typeof value !== 'number' || value < smallestEpoch) return undefined
  return asTime(parseIsoTime(toTimestamp(value) ?? ''))
}

function asTime(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time
}

/** The time as an event tells it; a broken modification time can lie outside of what RFC 3339 can write. */
export function timestampOf(timeMs: number): string {
  return new Date(Math.min(Math.max(timeMs, earliestMs), latestMs)).toISOString()
}

const earliestMs = -62_167_219_200_000
const latestMs = Date.UTC(10_000, 0) - 1
