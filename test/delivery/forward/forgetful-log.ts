import {ClawError} from '../../../src/lib/errors.ts'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import {type EventStore, type IdRange, logStart} from '../../../src/lib/store/port.ts'

/** What becomes of a call: `lost` fails after it took effect, `part` after half of it did. */
export type Fate = 'works' | 'fails' | 'lost' | 'part'

export interface ForgetfulLog {
  /** The fates of the next appends, heads and openings; `works` when there are none. */
  fates: {append: Fate[]; head: Fate[]; open: Fate[]}
  /** How many events each append had, and in which part of the log it looked for them. */
  calls: Array<{events: number; bulk: boolean | IdRange | undefined}>
  open(): Promise<EventStore>
  events(): ClawEvent[]
  ids(): string[]
  /** As somebody else would. */
  put(events: readonly ClawEvent[]): void
  /** An event that is refused, and why. */
  refuse(test: (event: ClawEvent) => ClawError | undefined): void
  isOpen(): boolean
}

/**
 * A log as a server keeps it that has forgotten the ids of a moment ago: it stores whatever it is given, unless it is
 * told where to look. `clock` is its own.
 */
export function forgetfulLog(clock: () => number = Date.now): ForgetfulLog {
  const entries: Array<{event: ClawEvent; storedAt: number}> = []
  const fates: ForgetfulLog['fates'] = {append: [], head: [], open: []}
  const calls: ForgetfulLog['calls'] = []
  let refusal: (event: ClawEvent) => ClawError | undefined = () => undefined
  let opened = 0

  const unreachable = () => new ClawError('STORE_UNREACHABLE', 'cannot reach the other log')
  const positionOf = (number: number) => String(number).padStart(8, '0')
  const put = (events: readonly ClawEvent[]) => {
    for (const event of events) entries.push({event: structuredClone(event), storedAt: clock()})
  }

  function known(range: IdRange): Set<string> {
    const isIn = ({storedAt}: {storedAt: number}, index: number) =>
      'after' in range ? positionOf(index + 1) > range.after : storedAt >= range.since.getTime()
    return new Set(entries.filter(isIn).map(({event}) => event.eventId))
  }

  function take(events: readonly ClawEvent[], bulk: boolean | IdRange | undefined): number {
    const there = bulk === undefined ? new Set() : known(typeof bulk === 'object' ? bulk : {after: logStart})
    let appended = 0
    for (const event of events) {
      const failure = refusal(event)
      if (failure) throw failure
      if (there.has(event.eventId)) continue
      put([event])
      appended++
    }
    return appended
  }

  const unused = () => {
    throw new Error('a forwarder does not ask for that')
  }

  async function open(): Promise<EventStore> {
    if ((fates.open.shift() ?? 'works') !== 'works') throw unreachable()
    opened++
    let isClosed = false
    return {
      async append(events, {bulk} = {}) {
        calls.push({events: events.length, bulk})
        const fate = fates.append.shift() ?? 'works'
        // The answer takes a moment, as from a server.
        await new Promise((resolve) => setImmediate(resolve))
        if (fate === 'fails') throw unreachable()
        const count = fate === 'part' ? events.length >> 1 : events.length
        const appended = take(events.slice(0, count), bulk)
        if (fate !== 'works') throw unreachable()
        return {appended, duplicates: events.length - appended}
      },
      async head() {
        if ((fates.head.shift() ?? 'works') !== 'works') throw unreachable()
        return entries.length === 0 ? undefined : positionOf(entries.length)
      },
      async describe() {
        const last = entries.at(-1)
        return {
          store: 'forgetful:',
          stream: 'log',
          kind: 'memory',
          events: entries.length,
          bytes: 0,
          first: null,
          last: last ? {position: positionOf(entries.length), storedAt: new Date(last.storedAt).toISOString()} : null,
          durability: {survives: 'nothing', detail: ''},
        }
      },
      async close() {
        if (!isClosed) opened--
        isClosed = true
      },
      read: unused,
      follow: unused,
      count: unused,
    }
  }

  return {
    fates,
    calls,
    open,
    put,
    events: () => entries.map(({event}) => event),
    ids: () => entries.map(({event}) => event.eventId),
    refuse: (test) => {
      refusal = test
    },
    isOpen: () => opened > 0,
  }
}
