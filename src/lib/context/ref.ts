import {hash} from 'node:crypto'

/** Short names of events, unique within one context. */
export interface Refs {
  of(eventId: string): string
  /** The name is taken: no other event gets it. */
  keep(eventId: string): void
}

/** An id up to this length is its own name; of a longer one the end is shown, which is the random part of a UUID. */
const longestId = 12
const shortest = 6
const plain = /^[\w.:@/-]+$/

/**
 * A whole UUID costs 32 tokens in every line, the last six digits four or five. Ids with other characters than names
 * have are hashed: an id is chosen by whoever made the event, and must not say anything by itself.
 */
export function createRefs(): Refs {
  const taken = new Map<string, string>()
  function refOf(eventId: string): string {
    const name = plain.test(eventId) ? eventId : hash('sha256', eventId)
    if (name.length <= longestId && isFree(name, eventId)) return name
    for (let length = shortest; length < name.length; length += 2) {
      if (isFree(name.slice(-length), eventId)) return name.slice(-length)
    }
    return name
  }
  function isFree(ref: string, eventId: string): boolean {
    const owner = taken.get(ref)
    return owner === undefined || owner === eventId
  }
  return {
    of: refOf,
    keep(eventId) {
      taken.set(refOf(eventId), eventId)
    },
  }
}
