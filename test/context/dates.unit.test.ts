import {describe, expect, it} from 'vitest'
import {timeFitOf} from '../../src/lib/context/dates.ts'
import {asksForTime, mentionsTime} from '../../src/lib/context/time-words.ts'

const friday = Date.parse('2026-11-20T14:00:00Z')

/** First and last day of the best fit, within the two years before. */
function bestDays(prompt: string): [string, string] | undefined {
  const closeness = timeFitOf(prompt, friday)
  const days: string[] = []
  for (let time = Date.UTC(2024, 10, 1, 6); time < Date.UTC(2027, 0, 1); time += 86_400_000) {
    if (closeness && closeness(time) === 1) days.push(new Date(time).toISOString().slice(0, 10))
  }
  return days.length > 0 ? [days[0]!, days.at(-1)!] : undefined
}

describe('the time that a prompt names', () => {
  it.each([
    ['what happened on 2026-03-04?', '2026-03-04', '2026-03-04'],
    ['on 7 June 2025', '2025-06-07', '2025-06-07'],
    ['on the 7th of June 2025', '2025-06-07', '2025-06-07'],
    ['on June 7, 2025', '2025-06-07', '2025-06-07'],
    ['in July 2025', '2025-07-01', '2025-07-31'],
    ['last May', '2026-05-01', '2026-05-31'],
    ['last December', '2025-12-01', '2025-12-31'],
    ['yesterday', '2026-11-19', '2026-11-19'],
    ['today', '2026-11-20', '2026-11-20'],
    ['last week', '2026-11-09', '2026-11-15'],
    ['last weekend', '2026-11-14', '2026-11-15'],
    ['last month', '2026-10-01', '2026-10-31'],
    ['last year', '2025-01-01', '2025-12-31'],
    ['last Friday', '2026-11-13', '2026-11-13'],
    ['on Monday', '2026-11-16', '2026-11-16'],
    ['three days ago', '2026-11-17', '2026-11-18'],
    ['in the last 3 days', '2026-11-18', '2026-11-21'],
    ['in 2025', '2025-01-01', '2025-12-31'],
  ])('%s', (prompt, first, last) => {
    expect(bestDays(prompt)).toEqual([first, last])
  })

  it('is that month of every year when no year is named', () => {
    const closeness = timeFitOf('what did we do in June?', friday)!
    expect(closeness(Date.UTC(2025, 5, 10))).toBe(1)
    expect(closeness(Date.UTC(2026, 5, 10))).toBe(1)
    expect(closeness(Date.UTC(2026, 8, 10))).toBe(0)
  })

  it('fits less and less in the two weeks after it', () => {
    const closeness = timeFitOf('on 2026-03-04', friday)!
    const day = (n: number) => closeness(Date.UTC(2026, 2, n))
    expect(day(6)).toBeGreaterThan(day(12))
    expect(day(25)).toBe(0)
  })

  it.each(['I may go', 'the march of the penguins', 'what is up?', 'she will second that', 'version 2025.1'])(
    'is none in: %s',
    (prompt) => expect(timeFitOf(prompt, friday)).toBeUndefined(),
  )

  it('is never a failure, whatever numbers stand there', () => {
    for (const prompt of ['0000-00-00', '9999-99-99', '99 May', 'May 0', '99999 years ago', '999 years ago']) {
      expect(timeFitOf(prompt, friday)?.(friday) ?? 0).toBeGreaterThanOrEqual(0)
    }
  })
})

describe('words of time', () => {
  it('are seen in what people tell', () => {
    expect(['I went yesterday', 'see you on Monday', 'two weeks ago'].every(mentionsTime)).toBe(true)
    expect(['I like tea', 'you may go'].some(mentionsTime)).toBe(false)
  })

  it('are asked for by when and which day', () => {
    expect(['When did she go?', 'what day is it', 'How long ago was it?'].every(asksForTime)).toBe(true)
    expect(['What does she like when she is sad?', 'Who?'].some(asksForTime)).toBe(false)
  })
})
