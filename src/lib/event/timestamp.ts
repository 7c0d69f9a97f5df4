const isoForm =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s?([Zz])|\s?([+-])(\d{2}):?(\d{2}))?)?$/

/**
 * Epoch milliseconds of an ISO 8601 / RFC 3339 time; a time without a zone is UTC, a date is its first moment. NaN for
 * anything else and for dates that do not exist. Digits after the millisecond are cut off.
 */
export function parseIsoTime(text: string): number {
  const found = isoForm.exec(text)
  if (!found) return Number.NaN
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', , sign, zoneHour, zoneMinute] =
    found
  const millisecond = Number(fraction.padEnd(3, '0').slice(0, 3))
  const time = new Date(0)
  time.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  // 31 February rolls over to March: what comes out must be what went in.
  if (time.getUTCMonth() !== Number(month) - 1 || time.getUTCDate() !== Number(day)) return Number.NaN
  // A leap second is the last moment of its minute: the epoch has no place for it.
  const seconds = second === '60' ? 59 : Number(second)
  const isEndOfDay = hour === '24' && Number(minute) === 0 && Number(second) === 0 && millisecond === 0
  if ((Number(hour) > 23 && !isEndOfDay) || Number(minute) > 59 || seconds > 59) return Number.NaN
  const local = time.setUTCHours(Number(hour), Number(minute), seconds, millisecond)
  if (sign === undefined) return local
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return Number.NaN
  const offsetMs = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000
  return sign === '-' ? local + offsetMs : local - offsetMs
}

// Days up to 28 exist in every month: Date.parse, several times faster, reads 30 February as 2 March.
const canonicalForm = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

/** An event's time in epoch milliseconds; NaN where its timestamp cannot be read. What every store indexes by. */
export function timeOf(event: {timestamp: string}): number {
  const {timestamp} = event
  if (typeof timestamp !== 'string') return Number.NaN
  return canonicalForm.test(timestamp) ? Date.parse(timestamp) : parseIsoTime(timestamp)
}

/** Whether a text is what `toTimestamp` would make of it. */
export function isTimestamp(text: string): boolean {
  return canonicalForm.test(text) || toTimestamp(text) === text
}

/** 9999-12-31T23:59:59.999Z. */
const latest = 253_402_300_799_999
/** 10^11 seconds is the year 5138, 10^11 milliseconds is 1973: below it a number can only mean seconds. */
const secondsLimit = 1e11
const microsecondsFrom = 1e14
const nanosecondsFrom = 1e17

/**
 * RFC 3339 in UTC with milliseconds, from an ISO time in any zone or from an epoch number (or its digits) in seconds,
 * milliseconds, microseconds or nanoseconds, told apart by size. Undefined for anything else.
 */
export function toTimestamp(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const text = value.trim()
    if (/^\d{9,19}(\.\d+)?$/.test(text)) return fromEpoch(Number(text))
    const time = parseIsoTime(text)
    return Number.isNaN(time) ? undefined : format(time)
  }
  return typeof value === 'number' ? fromEpoch(value) : undefined
}

function fromEpoch(value: number): string | undefined {
  if (!Number.isFinite(value) || value <= 0) return undefined
  if (value < secondsLimit) return format(value * 1000)
  if (value < microsecondsFrom) return format(value)
  return format(value < nanosecondsFrom ? value / 1e3 : value / 1e6)
}

function format(epochMs: number): string | undefined {
  const text = Math.abs(epochMs) <= latest ? new Date(Math.floor(epochMs)).toISOString() : '-'
  // Years outside 0000-9999 have no RFC 3339 form.
  return /^\d{4}-/.test(text) ? text : undefined
}
