/** However long an endpoint asks for, it is tried again after an hour. */
export const longestRetryAfterMs = 3_600_000

/** How long `Retry-After` asks to wait: seconds or an HTTP date. Undefined where it says nothing that can be read. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim()
  if (text === undefined || text === '') return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestRetryAfterMs)
}
