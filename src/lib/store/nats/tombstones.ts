import {isObject} from '../../event/json.ts'
import {erasureType} from '../erasure.ts'
import {createDecode, positionOf} from './decode.ts'
import {deliver} from './deliver.ts'
import type {Link} from './link.ts'
import type {SubjectGrammar} from './subjects.ts'

/** What the record of an erasure keeps of one event: all that the chain and an anchor are over, but the content. */
export interface Tombstone {
  seq: number
  eventId: string
  digest: string
  /** Of a message that had a mark. */
  writer?: string
  number?: number
}

export function erasureSubject(grammar: SubjectGrammar): string {
  return grammar.subjectOf({agentId: 'system', type: erasureType})
}

/** A tombstone as it stands in the `data.events` of a record. */
export function tombstoneJson({seq, ...rest}: Tombstone): Record<string, unknown> {
  return {position: positionOf(seq), ...rest}
}

interface Range {
  after: number
  to: number
  created: string
}

const patienceMs = 10_000
/** More than that do not fit in memory beside everything else. */
const mostTombstones = 2_000_000

/** All tombstones of a range of the stream, by sequence: few messages, whose subject tells what they are. */
export async function loadTombstones(
  link: Link,
  grammar: SubjectGrammar,
  range: Range,
): Promise<Map<number, Tombstone>> {
  const found = new Map<number, Tombstone>()
  if (range.after >= range.to) return found
  const decode = createDecode(link.target.stream)
  for await (const batch of deliver(link, {...range, subjects: [erasureSubject(grammar)], patienceMs})) {
    for (const delivered of batch) {
      const event = decode(delivered)
      if (event?.type !== erasureType) continue
      for (const tombstone of tombstonesIn(event.data['events'])) {
        if (found.size < mostTombstones) found.set(tombstone.seq, tombstone)
      }
    }
  }
  return found
}

function tombstonesIn(events: unknown): Tombstone[] {
  return Array.isArray(events) ? events.flatMap((entry) => tombstoneIn(entry) ?? []) : []
}

function tombstoneIn(entry: unknown): Tombstone | undefined {
  if (!isObject(entry)) return undefined
  const {position, eventId, digest, writer, number} = entry
  if (typeof position !== 'string' || !/^\d{1,16}$/.test(position)) return undefined
  if (typeof eventId !== 'string' || typeof digest !== 'string') return undefined
  const isMarked = typeof writer === 'string' && typeof number === 'number'
  return {seq: Number(position), eventId, digest, ...(isMarked && {writer, number})}
}
