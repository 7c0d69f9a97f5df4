import type {HostReading} from '../match/hosts.ts'
import type {Fields, PathReader} from '../match/paths.ts'
import {EngineFault} from './engine-fault.ts'
import type {Used} from './state.ts'

/** Whether a condition holds. Unsure (a redacted field, a shell line that cannot be understood) is neither. */
export const No = 0
export const Yes = 1
export const Unsure = 2
export type Match = typeof No | typeof Yes | typeof Unsure

export type Test<Asked = Subject> = (asked: Asked) => Match

/** One thing a rule asks of a call. */
export interface Condition {
  /** The key it has in `when`: `contains`, `domainBlocklist`, `any` … */
  name: string
  path?: string
  expected: unknown
  test: Test
  /** What the event has at `path`; for a trace. */
  found?: (event: Fields) => unknown
  /** The conditions inside `not`, `any` and `all`. */
  inner?: Condition[][]
}

/** What is judged: one event at one time, and what conditions note while they look at it. */
export interface Subject {
  readonly event: Fields
  readonly now: number
  /** Rates that this call goes beyond, by the name of their condition. */
  readonly exceeded: ReadonlySet<string>
  /** What its session and run had used before it. */
  readonly used: Used
  /** Whether the engine's own time is over; asked after every so many characters of work. */
  readonly isLate: () => boolean
  /** Why a condition was unsure. Redacted outweighs: it says that nobody can know. */
  doubt?: 'redacted' | 'shell'
  doubtDetail?: string
  /** Characters looked at since the clock was last asked. */
  work: number
  /** The last path that was read and what was there: rules one after another ask for the same. */
  path?: string
  value?: unknown
  /** The last URL and its host. */
  url?: unknown
  hosts?: readonly HostReading[]
}

/** What the event has at `path`, read once for all conditions in a row that ask for it. */
export function valueAt(subject: Subject, path: string, read: PathReader): unknown {
  if (subject.path === path) return subject.value
  subject.path = path
  subject.value = read(subject.event)
  return subject.value
}

/** Texts up to this length are never worth a look at the clock. */
const freeChars = 4096
const charsPerClockLook = 262_144

/** Counts the characters a condition is about to look at. Throws `EngineFault` once the time is over. */
export function spend(subject: Subject, chars: number): void {
  if (chars <= freeChars) return
  subject.work += chars
  if (subject.work < charsPerClockLook) return
  subject.work = 0
  if (subject.isLate()) throw new EngineFault('its time ran out')
}

/** All of them; unsure if none says no and one is unsure. */
export function allOf<Asked>(tests: readonly Test<Asked>[]): Test<Asked> {
  const [a, b, c] = tests
  if (a === undefined) return () => Yes
  if (b === undefined) return a
  if (c === undefined) {
    return (asked) => {
      const first = a(asked)
      if (first === No) return No
      const second = b(asked)
      return second === No || first === Yes ? second : Unsure
    }
  }
  return (asked) => {
    let result: Match = Yes
    for (const test of tests) {
      const match = test(asked)
      if (match === No) return No
      if (match === Unsure) result = Unsure
    }
    return result
  }
}

/** One of them is enough; unsure if none says yes and one is unsure. */
export function anyOf<Asked>(tests: readonly Test<Asked>[]): Test<Asked> {
  return (asked) => {
    let result: Match = No
    for (const test of tests) {
      const match = test(asked)
      if (match === Yes) return Yes
      if (match === Unsure) result = Unsure
    }
    return result
  }
}

export function negate(test: Test): Test {
  return (subject) => {
    const match = test(subject)
    return match === Unsure ? Unsure : match === Yes ? No : Yes
  }
}
