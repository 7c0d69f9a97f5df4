import type {ClawEvent} from '../event/envelope.ts'
import {weightOf} from '../event/weight.ts'

/** An event that waits to be committed. Numbers are given in the order of recording, from 1. */
export interface Entry {
  readonly number: number
  readonly weight: number
  event: ClawEvent
  /** Whether `event` is what goes into the log, or still has to be made ready. */
  isReady: boolean
}

export interface QueueLimits {
  events: number
  /** Of all events together, roughly in characters of their JSON. */
  weight: number
}

/** Events in the order of recording, bounded; what is taken out for writing still counts until it is done with. */
export interface RecorderQueue {
  readonly count: number
  readonly weight: number
  /** The number of the newest event that was ever added. */
  readonly newest: number
  /** The number of the oldest that is not done with; undefined when none is. */
  readonly oldest: number | undefined
  /** What had to go to make room, oldest first: never the newest event, and nothing that was taken. */
  add(event: ClawEvent): readonly Entry[]
  /** The oldest events, at most so many and so heavy, but at least one. Only when nothing is taken. */
  take(mostEvents: number, mostWeight: number): readonly Entry[]
  /** What was taken is done with. */
  done(): void
  /** What was taken waits again, at its place; but those in `without` are done with. */
  giveBack(without?: ReadonlySet<Entry>): void
}

const nothing: readonly Entry[] = []
/** So many places of events that are gone may be kept before the list is made anew. */
const mostGaps = 1024

export function createRecorderQueue(limits: QueueLimits): RecorderQueue {
  let entries: Entry[] = []
  let first = 0
  let taken: readonly Entry[] = nothing
  let newest = 0
  let weight = 0

  const waiting = () => entries.length - first

  function shift(): Entry {
    const entry = entries[first]!
    first++
    if (first > mostGaps && first * 2 > entries.length) {
      entries = entries.slice(first)
      first = 0
    }
    return entry
  }

  function makeRoom(): readonly Entry[] {
    if (isWithin()) return nothing
    const gone: Entry[] = []
    while (!isWithin() && waiting() > 1) {
      const entry = shift()
      weight -= entry.weight
      gone.push(entry)
    }
    return gone
  }

  function isWithin(): boolean {
    return waiting() + taken.length <= limits.events && weight <= limits.weight
  }

  function forget(entry: Entry): void {
    weight -= entry.weight
  }

  return {
    get count() {
      return waiting() + taken.length
    },
    get weight() {
      return weight
    },
    get newest() {
      return newest
    },
    get oldest() {
      return (taken[0] ?? entries[first])?.number
    },
    add(event) {
      const entry = {number: ++newest, weight: weightOf(event), event, isReady: false}
      entries.push(entry)
      weight += entry.weight
      return makeRoom()
    },
    take(mostEvents, mostWeight) {
      const batch: Entry[] = []
      let batchWeight = 0
      while (waiting() > 0 && batch.length < mostEvents) {
        batchWeight += entries[first]!.weight
        if (batch.length > 0 && batchWeight > mostWeight) break
        batch.push(shift())
      }
      taken = batch
      return batch
    },
    done() {
      taken.forEach(forget)
      taken = nothing
    },
    giveBack(without) {
      const kept = without ? taken.filter((entry) => !without.has(entry)) : taken
      without?.forEach(forget)
      entries = [...kept, ...entries.slice(first)]
      first = 0
      taken = nothing
    },
  }
}
