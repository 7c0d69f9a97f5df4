import {ClawError, Exit} from '../errors.ts'
import {parseIsoTime} from '../event/timestamp.ts'

const timeForms = 'ISO 8601 (2026-11-20, 2026-11-20T08:00:00Z), epoch milliseconds, or an age (90s, 15m, 2h, 3d, 1w)'

/**
 * Epoch milliseconds of an ISO 8601 time (no zone: UTC; a date may be written 20261120), of epoch milliseconds, or of
 * an age before `now`.
 */
export function parseTime(text: string, now: number): number {
  const given = text.trim()
  const age = parseAge(given)
  const time = age !== undefined ? now - age : /^\d+$/.test(given) ? timeOfDigits(given) : parseIsoTime(given)
  // The first and last moment that a JavaScript date can hold.
  if (!(Math.abs(time) <= 8.64e15)) throw noTime(text, hintFor(given))
  return time
}

/** Below it milliseconds end in March 1973: nobody means that, but people write years, dates and seconds so. */
const leastMilliseconds = 1e11

function timeOfDigits(digits: string): number {
  const date = /^((?:19|20)\d\d)(\d\d)(\d\d)$/.exec(digits)
  if (date) return parseIsoTime(date.slice(1).join('-'))
  const number = Number(digits)
  return number === 0 || number >= leastMilliseconds ? number : Number.NaN
}

function hintFor(given: string): string | undefined {
  if (/^(?:19|20)\d\d$/.test(given)) return `write ${given}-01-01 for the year`
  return /^\d{9,11}$/.test(given) ? `write ${given}000 if these are seconds` : undefined
}

const unitMs = {ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000} as const

/** Milliseconds of a duration such as `90s`, `15m`, `2h`, `30d`, `1w` (also `250ms`); undefined for anything else. */
export function parseAge(text: string): number | undefined {
  const found = /^(\d{1,12})(ms|s|m|h|d|w)$/.exec(text)
  return found ? Number(found[1]) * unitMs[found[2] as keyof typeof unitMs] : undefined
}

/** Milliseconds of a duration; FILTER_INVALID for anything that `parseAge` does not know. */
export function parseDuration(text: string): number {
  const ms = parseAge(text.trim())
  if (ms !== undefined) return ms
  throw new ClawError('FILTER_INVALID', `${JSON.stringify(text)} is not a duration`, {
    exit: Exit.usage,
    suggestions: ['accepted: 90s, 15m, 2h, 3d, 1w'],
  })
}

function noTime(text: string, hint?: string): ClawError {
  return new ClawError('FILTER_INVALID', `${JSON.stringify(text)} is not a time`, {
    exit: Exit.usage,
    suggestions: [...(hint ? [hint] : []), `accepted: ${timeForms}`],
  })
}
