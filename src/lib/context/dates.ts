/** How well a time fits what a prompt asks about, from 0 to 1. */
export type TimeFit = (timeMs: number) => number

const dayMs = 86_400_000
/** People write about a day for some days after it. */
const afterDays = 14

const months = 'january february march april may june july august september october november december'.split(' ')
const weekdays = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ')
const month = `(${months.join('|')}|${months.map((name) => name.slice(0, 3)).join('|')})`
const numbers = new Map(
  'one two three four five six seven eight nine ten eleven twelve'.split(' ').map((word, i) => [word, i + 1]),
)
numbers.set('a', 1).set('an', 1).set('couple', 2).set('few', 3).set('several', 4)

interface Form {
  pattern: RegExp
  read: (found: RegExpExecArray, atMs: number) => TimeFit | undefined
}

/** Every way of naming a time that is understood; what one form has read, the later ones do not see. */
const forms: readonly Form[] = [
  {pattern: /\b(\d{4})-(\d\d)-(\d\d)\b/g, read: ([, y, m, d]) => within(dateMs(+y!, +m! - 1, +d!), 1)},
  {
    pattern: new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${month}\\b\\.?(?:,? (\\d{4}))?`, 'gi'),
    read: ([, day, name, year]) => onDay(monthOf(name!), +day!, year),
  },
  {
    pattern: new RegExp(`\\b${month}\\b\\.? (\\d{1,2})(?:st|nd|rd|th)?\\b(?!:)(?:,? (\\d{4}))?`, 'gi'),
    read: ([, name, day, year]) => onDay(monthOf(name!), +day!, year),
  },
  {
    pattern: new RegExp(`\\b${month},? (?:of )?(\\d{4})\\b`, 'gi'),
    read: ([, name, year]) => wholeMonth(+year!, monthOf(name!)),
  },
  {
    pattern: new RegExp(`\\b(last|this|past|next) ${month}\\b`, 'gi'),
    read: ([, which, name], atMs) => nearestMonth(which!.toLowerCase(), monthOf(name!), atMs),
  },
  {
    // `may` alone is rarely the month, nor is `mar` or `march` after "the".
    pattern: new RegExp(`\\b(?:in|of|since|during|by|until|early|late|mid|around) ${month}\\b`, 'gi'),
    read: ([, name]) => inMonthOfAnyYear(monthOf(name!)),
  },
  {
    pattern:
      /\b(\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|couple(?: of)?|few|several) (day|week|month|year)s? (?:ago|back|earlier)\b/gi,
    read: ([, count, unit], atMs) => ago(countOf(count!), unit!.toLowerCase(), atMs),
  },
  {
    pattern:
      /\b(?:in|over|during|for|within) the (?:last|past) (\d{1,3}|couple of|few|two|three|four|five|six|seven|eight|nine|ten|twelve)? ?(day|week|month|year)s?\b/gi,
    read: ([, count, unit], atMs) => since(countOf(count ?? 'one'), unit!.toLowerCase(), atMs),
  },
  {
    pattern: /\b(last|past|this|previous) (week|weekend|month|year|night)\b/gi,
    read: ([, which, unit], atMs) => calendarUnit(which!.toLowerCase(), unit!.toLowerCase(), atMs),
  },
  {
    pattern: new RegExp(`\\b(?:last|on|this|since) (${weekdays.join('|')})\\b`, 'gi'),
    read: ([, name], atMs) => lastWeekday(weekdays.indexOf(name!.toLowerCase()), atMs),
  },
  {
    pattern: /\b(yesterday|today|tonight|this morning)\b/gi,
    read: ([, word], atMs) => within(startOfDay(atMs) - (/yesterday/i.test(word!) ? dayMs : 0), 1),
  },
  {
    pattern: /\b(?:in|of|since|during|by) ((?:19|20)\d\d)\b/g,
    read: ([, year]) => span(dateMs(+year!, 0, 1), dateMs(+year! + 1, 0, 1)),
  },
]

/**
 * How well a time fits the times that a prompt names ("last May", "on 7 June", "two weeks ago"); undefined when it
 * names none. Relative times count from `atMs`; a month without a year is that month of any year. All in UTC.
 */
export function timeFitOf(prompt: string, atMs: number): TimeFit | undefined {
  const fits: TimeFit[] = []
  let rest = prompt
  for (const {pattern, read} of forms) {
    rest = rest.replace(pattern, (...found) => {
      const fit = read(found as unknown as RegExpExecArray, atMs)
      if (fit) fits.push(fit)
      return fit ? ' ' : String(found[0])
    })
  }
  return fits.length === 0 ? undefined : (timeMs) => Math.max(...fits.map((closeness) => closeness(timeMs)))
}

function dateMs(year: number, monthIndex: number, day: number): number {
  return Date.UTC(year, monthIndex, day)
}

function startOfDay(timeMs: number): number {
  return Math.floor(timeMs / dayMs) * dayMs
}

function monthOf(name: string): number {
  return months.findIndex((full) => full.startsWith(name.toLowerCase()))
}

function countOf(text: string): number {
  const word = text.toLowerCase().replace(/ of$/, '')
  return numbers.get(word) ?? (Number(word) || 1)
}

/** 1 inside, then falling to 0 over two weeks; half of it on the day before, for a clock in another zone. */
function span(fromMs: number, toMs: number): TimeFit | undefined {
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs)) return undefined
  return (timeMs) => {
    if (timeMs >= fromMs && timeMs < toMs) return 1
    if (timeMs < fromMs) return timeMs >= fromMs - dayMs ? 0.5 : 0
    return Math.max(0, 1 - (timeMs - toMs) / (afterDays * dayMs))
  }
}

function within(fromMs: number, days: number): TimeFit | undefined {
  return span(fromMs, fromMs + days * dayMs)
}

function onDay(monthIndex: number, day: number, year: string | undefined): TimeFit | undefined {
  if (day < 1 || day > 31) return undefined
  if (year !== undefined) return within(dateMs(+year, monthIndex, day), 1)
  return (timeMs) => {
    const given = new Date(timeMs).getUTCFullYear()
    return Math.max(...[given - 1, given, given + 1].map((one) => within(dateMs(one, monthIndex, day), 1)!(timeMs)))
  }
}

function wholeMonth(year: number, monthIndex: number): TimeFit | undefined {
  return span(dateMs(year, monthIndex, 1), dateMs(year, monthIndex + 1, 1))
}

function inMonthOfAnyYear(monthIndex: number): TimeFit {
  return (timeMs) => {
    const year = new Date(timeMs).getUTCFullYear()
    return Math.max(...[year - 1, year].map((one) => wholeMonth(one, monthIndex)!(timeMs)))
  }
}

function nearestMonth(which: string, monthIndex: number, atMs: number): TimeFit | undefined {
  const at = new Date(atMs)
  const isPast = monthIndex < at.getUTCMonth() || (monthIndex === at.getUTCMonth() && which === 'this')
  const year = at.getUTCFullYear() + (which === 'next' ? (isPast ? 1 : 0) : isPast ? 0 : -1)
  return wholeMonth(year, monthIndex)
}

const unitDays: Record<string, number> = {day: 1, week: 7, month: 30, year: 365}

/** "Two weeks ago" is somewhere around that day: the wider, the longer ago. */
function ago(count: number, unit: string, atMs: number): TimeFit | undefined {
  const days = unitDays[unit]!
  const middle = startOfDay(atMs) - count * days * dayMs
  return span(middle - (days / 2) * dayMs, middle + (days / 2 + 1) * dayMs)
}

function since(count: number, unit: string, atMs: number): TimeFit | undefined {
  return span(atMs - count * unitDays[unit]! * dayMs, atMs + dayMs)
}

function calendarUnit(which: string, unit: string, atMs: number): TimeFit | undefined {
  const day = startOfDay(atMs)
  const at = new Date(atMs)
  const isLast = which !== 'this'
  if (unit === 'night') return within(day - dayMs, 1)
  if (unit === 'year')
    return span(
      dateMs(at.getUTCFullYear() - (isLast ? 1 : 0), 0, 1),
      dateMs(at.getUTCFullYear() + (isLast ? 0 : 1), 0, 1),
    )
  if (unit === 'month') return wholeMonth(at.getUTCFullYear(), at.getUTCMonth() - (isLast ? 1 : 0))
  const monday = day - ((at.getUTCDay() + 6) % 7) * dayMs
  const from = isLast ? monday - 7 * dayMs : monday
  return unit === 'weekend' ? within(from + 5 * dayMs, 2) : within(from, 7)
}

function lastWeekday(weekday: number, atMs: number): TimeFit | undefined {
  const back = (new Date(atMs).getUTCDay() - weekday + 7) % 7 || 7
  return within(startOfDay(atMs) - back * dayMs, 1)
}
