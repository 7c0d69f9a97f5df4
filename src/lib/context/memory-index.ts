import type {ClawEvent} from '../event/envelope.ts'
import type {
  ContextIndex,
  ContextView,
  IndexedPassage,
  LatestQuery,
  ReadForIndex,
  StoredPassage,
} from '../store/context-index.ts'
import {type EventStore, logStart} from '../store/port.ts'

/** An index in memory over any store: it reads all of the log once, then what is new. For stores without their own. */
export function createMemoryIndex(store: EventStore, read: ReadForIndex): ContextIndex {
  const shelves = new Map<string, Shelf>()
  const byId = new Map<string, ClawEvent>()
  let position = logStart
  const shelfOf = (agentId: string) => {
    const shelf = shelves.get(agentId) ?? createShelf()
    shelves.set(agentId, shelf)
    return shelf
  }
  return {
    async catchUp({signal, onProgress} = {}) {
      let done = 0
      for await (const event of store.read({}, {from: position})) {
        signal?.throwIfAborted()
        const reading = read(event)
        if (reading) {
          byId.set(event.eventId, event)
          shelfOf(reading.agentId).add(event, reading.passage, reading.retires)
        }
        position = event.position
        onProgress?.(++done)
      }
    },
    read: (agentId, work) => work(shelfOf(agentId).view(byId)),
    async close() {
      shelves.clear()
      byId.clear()
    },
  }
}

interface Shelf {
  add(event: ClawEvent, passage: IndexedPassage | undefined, retires: readonly string[]): void
  view(byId: ReadonlyMap<string, ClawEvent>): ContextView
}

interface TermList {
  numbers: number[]
  counts: number[]
  words: number[]
}

/** The passages of one agent. */
function createShelf(): Shelf {
  const passages: StoredPassage[] = []
  const events: ClawEvent[] = []
  const terms = new Map<string, TermList>()
  const retired = new Set<string>()
  const newestPart = new Map<string, StoredPassage>()
  const speakers = new Set<string>()
  let words = 0

  function add(event: ClawEvent, passage: IndexedPassage | undefined, retires: readonly string[]): void {
    for (const eventId of retires) retired.add(eventId)
    if (!passage) return
    const {terms: counts, agentId: _agentId, part, ...entry} = passage
    const number = passages.push({...entry, number: passages.length}) - 1
    events.push(event)
    words += entry.words
    for (const name of entry.speaker.split(' ')) if (name !== '') speakers.add(name)
    for (const [term, count] of counts) {
      const list = terms.get(term) ?? {numbers: [], counts: [], words: []}
      list.numbers.push(number)
      list.counts.push(count)
      list.words.push(entry.words)
      terms.set(term, list)
    }
    if (part !== '') keepNewest(part, passages[number]!)
  }

  function keepNewest(part: string, passage: StoredPassage): void {
    const newest = newestPart.get(part)
    const isNewer = !newest || byTime(newest, passage) < 0
    if (isNewer) newestPart.set(part, passage)
    const old = isNewer ? newest : passage
    if (old) retired.add(old.eventId)
  }

  function view(byId: ReadonlyMap<string, ClawEvent>): ContextView {
    const isLive = ({eventId}: StoredPassage) => !retired.has(eventId)
    const inOrder = passages.filter(isLive).sort(byTime)
    const threads = Map.groupBy(inOrder, ({thread}) => thread)
    const places = new Map<number, number>()
    for (const thread of threads.values()) {
      for (const [place, {number}] of thread.entries()) places.set(number, place)
    }
    return {
      passages: passages.length,
      words,
      numberLimit: passages.length,
      frequency: (term) => terms.get(term)?.numbers.length ?? 0,
      postings: (term) => terms.get(term),
      entries: (numbers) => numbers.map((number) => passages[number]!).filter(isLive),
      around({thread, number}, distance) {
        const list = (thread !== '' && threads.get(thread)) || []
        const place = places.get(number) ?? 0
        const before = list.slice(Math.max(0, place - distance), place).reverse()
        return {before, after: list.slice(place + 1, place + 1 + distance)}
      },
      latest: (query) => latestOf(inOrder, query),
      newestSuccess: (target) => inOrder.findLast((passage) => passage.kind === 'tool' && passage.target === target),
      span(sinceMs, untilMs) {
        const within = inOrder.filter(({timeMs}) => timeMs >= sinceMs && timeMs <= untilMs)
        const [first] = within
        return first && {events: within.length, firstMs: first.timeMs, lastMs: within.at(-1)!.timeMs}
      },
      sessionStart: (session) => inOrder.find((passage) => passage.session === session)?.timeMs,
      speakers: () => [...speakers].sort(),
      events: (numbers) => new Map(numbers.map((number) => [number, events[number]!])),
      eventsById: (eventIds) => new Map(eventIds.flatMap((eventId) => pairOf(eventId, byId.get(eventId)))),
    }
  }

  return {add, view}
}

function pairOf(eventId: string, event: ClawEvent | undefined): Array<[string, ClawEvent]> {
  return event ? [[eventId, event]] : []
}

/** By time, then the longer text last, then by id: never by the order of arrival. */
function byTime(a: StoredPassage, b: StoredPassage): number {
  return a.timeMs - b.timeMs || a.words - b.words || (a.eventId < b.eventId ? -1 : 1)
}

function latestOf(inOrder: readonly StoredPassage[], {limit, kinds, sinceMs, untilMs}: LatestQuery): StoredPassage[] {
  const found: StoredPassage[] = []
  for (let place = inOrder.length - 1; place >= 0 && found.length < limit; place--) {
    const passage = inOrder[place]!
    if (passage.timeMs >= sinceMs && passage.timeMs <= untilMs && kinds.includes(passage.kind)) found.push(passage)
  }
  return found
}
