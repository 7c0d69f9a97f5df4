import {describe, expect, it} from 'vitest'
import {parseFilter} from '../../src/lib/filter/parse.ts'
import {parseAge, parseDuration, parseTime} from '../../src/lib/filter/time.ts'

const now = Date.UTC(2026, 10, 20, 12)
const invalid = (message: RegExp | string) =>
  expect.objectContaining({code: 'FILTER_INVALID', exit: 2, message: expect.stringMatching(message)})

describe('parseTime', () => {
  it.each([
    ['2026-11-20', Date.UTC(2026, 10, 20)],
    ['2026-11-20T08:00', Date.UTC(2026, 10, 20, 8)],
    ['2026-11-20 08:00:30', Date.UTC(2026, 10, 20, 8, 0, 30)],
    ['2026-11-20T08:00:00Z', Date.UTC(2026, 10, 20, 8)],
    ['2026-11-20T08:00:00.1234567+02:00', Date.UTC(2026, 10, 20, 6, 0, 0, 123)],
    ['2026-11-20T08:00:00-0530', Date.UTC(2026, 10, 20, 13, 30)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['1795208938361', 1795208938361],
    ['0', 0],
    ['20261120', Date.UTC(2026, 10, 20)],
    ['90s', now - 90_000],
    ['15m', now - 900_000],
    ['2h', now - 7_200_000],
    ['3d', now - 259_200_000],
    ['1w', now - 604_800_000],
    [' 2h ', now - 7_200_000],
  ])('reads %s', (text, time) => {
    expect(parseTime(text, now)).toBe(time)
  })

  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-11-31T00:00:00Z',
    '2025-02-29',
    '2026-11-20T24:00:01Z',
    '2026-11-20T08:60',
    '2026-11-20T08:00:00+25:00',
    'yesterday',
    'Nov 20 2026',
    '2026',
    '2026-11',
    '202611',
    '20261131',
    '20261320',
    '12345678',
    '1795208938',
    '20.11.2026',
    '2h30m',
    '-2h',
    '1.5h',
    '2y',
    '',
    '99999999999999999999',
    '999999999999w',
    'NaN',
  ])('refuses %s and says what is accepted', (text) => {
    expect(() => parseTime(text, now)).toThrow(invalid('is not a time'))
    try {
      parseTime(text, now)
    } catch (error) {
      expect(error).toHaveProperty('suggestions', expect.arrayContaining([expect.stringContaining('ISO 8601')]))
    }
  })
})

describe('a time that is none', () => {
  it.each([
    ['2026', 'write 2026-01-01 for the year'],
    ['1795208938', 'write 1795208938000 if these are seconds'],
  ])('%s brings to mind what was meant', (text, hint) => {
    expect(() => parseTime(text, now)).toThrow(expect.objectContaining({suggestions: expect.arrayContaining([hint])}))
  })
})

describe('parseAge and parseDuration', () => {
  it('read one number and one unit', () => {
    expect(parseAge('30d')).toBe(30 * 86_400_000)
    expect(parseAge('250ms')).toBe(250)
    expect(parseAge('30')).toBeUndefined()
    expect(parseDuration('1w')).toBe(604_800_000)
    expect(() => parseDuration('soon')).toThrow(invalid('"soon" is not a duration'))
  })
})

describe('parseFilter', () => {
  it('takes every flag and leaves out what is absent', () => {
    expect(parseFilter({}, now)).toEqual({})
    expect(
      parseFilter(
        {
          type: ['tool.*'],
          agent: ['main'],
          session: ['s'],
          run: ['r'],
          tool: ['exec'],
          since: '2h',
          until: '1h',
          text: 'a',
          where: 'seq > 1',
        },
        now,
      ),
    ).toEqual({
      types: ['tool.*'],
      agents: ['main'],
      sessions: ['s'],
      runs: ['r'],
      tools: ['exec'],
      since: now - 7_200_000,
      until: now - 3_600_000,
      text: 'a',
      where: 'seq > 1',
    })
  })

  it('does not split a list at commas', () => {
    expect(parseFilter({type: ['a,b']}, now)).toEqual({types: ['a,b']})
  })

  it('refuses a range in which nothing lies', () => {
    expect(() => parseFilter({since: '1h', until: '2h'}, now)).toThrow(invalid('since 1h is not before until 2h'))
    expect(() => parseFilter({since: '1h', until: '1h'}, now)).toThrow(invalid('not before'))
  })

  it('refuses empty values, which match nothing', () => {
    expect(() => parseFilter({agent: ['main', ' ']}, now)).toThrow(invalid('empty agent'))
    expect(() => parseFilter({text: '--'}, now)).toThrow(invalid('no letter or digit'))
    expect(() => parseFilter({where: ' '}, now)).toThrow(invalid('empty'))
  })
})
