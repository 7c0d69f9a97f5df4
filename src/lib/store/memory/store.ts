import type {ClawEvent, Position, StoredEvent} from '../../event/envelope.ts'
import {serialize} from '../../event/shorten.ts'
import {compileFilter} from '../../filter/compile.ts'
import type {Filter} from '../../filter/filter.ts'
import {storeClosed} from '../closed.ts'
import {embeddedEventBytes} from '../embedded-limit.ts'
import type {DifferingEvent, EventStore, FollowOptions, ReadRange} from '../port.ts'
import {tallyOf} from '../tally.ts'

interface Entry {
  json: string
  position: Position
  storedAt: string
}

/** The reference: a list in memory. It keeps what the port promises in the plainest way, and nothing else. */
export function openMemoryStore({now = Date.now}: {now?: () => number} = {}): EventStore {
  const entries: Entry[] = []
  const places = new Map<string, Entry>()
  let bytes = 0
  let lastStoredMs = 0
  let isClosed = false
  let changed = Promise.withResolvers<void>()

  function assertOpen(): void {
    if (isClosed) throw storeClosed('memory:')
  }

  function wakeFollowers(): void {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  /** What is there under its id already. */
  function append(event: ClawEvent): {json: string; known?: Entry} {
    const {json} = serialize(event, embeddedEventBytes)
    const known = places.get(event.eventId)
    if (known) return {json, known}
    lastStoredMs = Math.max(now(), lastStoredMs)
    const entry = {json, position: positionOf(entries.length + 1), storedAt: new Date(lastStoredMs).toISOString()}
    entries.push(entry)
    places.set(event.eventId, entry)
    bytes += Buffer.byteLength(json)
    return {json}
  }

  async function* read(filter: Filter, {from = '', to, limit = 0, order = 'asc', signal}: ReadRange = {}) {
    assertOpen()
    signal?.throwIfAborted()
    const range = entries.filter(({position}) => position > from && (to === undefined || position <= to))
    if (order === 'desc') range.reverse()
    const matches = await compileFilter(filter)
    let left = limit || Number.POSITIVE_INFINITY
    for (const entry of range) {
      assertOpen()
      signal?.throwIfAborted()
      const event = eventOf(entry)
      if (!matches(event)) continue
      yield event
      if (--left === 0) return
    }
  }

  async function* follow(filter: Filter, {from, signal, onHealth}: FollowOptions): AsyncIterable<StoredEvent> {
    assertOpen()
    let next = from === undefined ? entries.length : entries.filter(({position}) => position <= from).length
    const matches = await compileFilter(filter)
    onHealth?.({state: 'live'})
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), {once: true}))
    while (!signal.aborted && !isClosed) {
      const entry = entries[next]
      if (entry) {
        next++
        const event = eventOf(entry)
        if (matches(event)) yield event
      } else {
        await Promise.race([changed.promise, aborted])
      }
    }
  }

  return {
    async append(events, {compare = false} = {}) {
      assertOpen()
      const differing: DifferingEvent[] = []
      let duplicates = 0
      for (const [index, event] of events.entries()) {
        const {json, known} = append(event)
        if (known) duplicates++
        if (known && known.json !== json) differing.push({index, stored: JSON.parse(known.json)})
      }
      wakeFollowers()
      return {appended: events.length - duplicates, duplicates, ...(compare && {differing})}
    },
    read,
    follow,
    async count(filter, by, {signal} = {}) {
      return tallyOf(read(filter, {signal}), by)
    },
    async head() {
      assertOpen()
      return entries.at(-1)?.position
    },
    async describe() {
      assertOpen()
      return {
        store: 'memory:',
        stream: 'memory',
        kind: 'memory',
        events: entries.length,
        bytes,
        first: placeOf(entries[0]),
        last: placeOf(entries.at(-1)),
        durability: {survives: 'nothing', detail: 'the events live in this process and end with it'},
      }
    },
    async close() {
      isClosed = true
      wakeFollowers()
    },
  }
}

function positionOf(number: number): Position {
  return String(number).padStart(16, '0')
}

/** Parsed anew for every reader, so that none can change what another one gets. */
function eventOf({json, position, storedAt}: Entry): StoredEvent {
  return Object.assign(JSON.parse(json), {position, storedAt})
}

function placeOf(entry: Entry | undefined): {position: Position; storedAt: string} | null {
  return entry ? {position: entry.position, storedAt: entry.storedAt} : null
}
