import {describe, expect, it} from 'vitest'
import {jitteredMs, longestWaitMs} from '../../../src/lib/delivery/webhook/backoff.ts'
import {outcomeOf, outcomeOfFault} from '../../../src/lib/delivery/webhook/outcome.ts'
import {retryAfterMs} from '../../../src/lib/delivery/webhook/retry-after.ts'
import {HttpFault} from '../../../src/lib/net/http-fault.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

describe('an answer', () => {
  it.each([
    ['delivered', [200, 201, 202, 204, 299]],
    ['failed', [408, 425, 429, 500, 502, 503, 504, 599]],
    ['refused', [300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 409, 413, 422, 451, 499]],
    ['gone', [410]],
  ])('is %s by its status', (kind, statuses) => {
    for (const status of statuses) expect(outcomeOf({status, headers: {}}, now).kind, String(status)).toBe(kind)
  })

  it('brings along how long the endpoint wants to be left alone', () => {
    const headers = {'retry-after': '7'}
    expect(outcomeOf({status: 503, headers}, now)).toMatchObject({waitMs: 7000})
    expect(outcomeOf({status: 400, headers}, now)).not.toHaveProperty('waitMs')
  })
})

it('a request without an answer failed, unless we stopped it', () => {
  for (const kind of ['url', 'address', 'redirect', 'connection', 'timeout', 'too-large'] as const) {
    expect(outcomeOfFault(new HttpFault(kind, 'why'))).toEqual({kind: 'failed', reason: 'why'})
  }
  expect(outcomeOfFault(new HttpFault('aborted', 'stopped'))).toEqual({kind: 'aborted'})
})

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 3 ', 3000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['999999999', 3_600_000],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 3_600_000],
    ['99999999999999999999999999', 3_600_000],
    ['soon', undefined],
    ['-5x', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s is %s ms', (text, ms) => {
    expect(retryAfterMs(text, now)).toBe(ms)
  })
})

describe('the wait between attempts', () => {
  const policy = {maxAttempts: 3, initialDelayMs: 1000, maxDelayMs: 30_000, backoffMultiplier: 2}

  it('grows up to its limit', () => {
    expect([0, 1, 2, 3, 6, 50].map((failures) => longestWaitMs(policy, failures))).toEqual([
      1000, 1000, 2000, 4000, 30_000, 30_000,
    ])
    expect(longestWaitMs({...policy, backoffMultiplier: 5}, 1e6)).toBe(30_000)
  })

  it('is anything from nothing to that', () => {
    expect(jitteredMs(policy, 2, () => 0)).toBe(0)
    expect(jitteredMs(policy, 2, () => 0.5)).toBe(1000)
    expect(jitteredMs(policy, 2, () => 0.9999)).toBe(2000)
  })
})
