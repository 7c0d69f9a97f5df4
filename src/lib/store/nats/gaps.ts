import type {StreamInfo} from '@nats-io/jetstream'
import type {Link} from './link.ts'
import type {SubjectGrammar} from './subjects.ts'
import {loadTombstones, type Tombstone} from './tombstones.ts'

/** What is known of sequences that are not in the stream any more. */
export type GapPart =
  | {kind: 'erased'; tombstone: Tombstone}
  | {kind: 'expired' | 'missing'; first: number; last: number}

/** Says why sequences are not there. */
export interface Gaps {
  /** @param storedBefore when the message before the gap was stored, epoch ms; undefined: there is none */
  explain(first: number, last: number, storedBefore: number | undefined): Promise<GapPart[]>
}

export function createGaps(link: Link, grammar: SubjectGrammar, info: StreamInfo): Gaps {
  const {created, config, state} = info
  const maxAgeMs = Math.floor(config.max_age / 1e6)
  const now = info.ts === undefined ? Date.parse(state.last_ts) : Date.parse(info.ts)
  let loaded: {tombstones: Tombstone[]; to: number} | undefined

  /** In order. They stand behind what they are of, and one may be written while the stream is walked over. */
  async function tombstones(needsNewest: boolean): Promise<Tombstone[]> {
    if (loaded && !needsNewest) return loaded.tombstones
    const to = needsNewest ? (await link.streamInfo()).state.last_seq : state.last_seq
    const {tombstones: before, to: after} = loaded ?? {tombstones: [], to: 0}
    const found = await loadTombstones(link, grammar, {after, to, created})
    const all = new Map([...before.map((one) => [one.seq, one] as const), ...found])
    loaded = {tombstones: [...all.values()].sort((a, b) => a.seq - b.seq), to: Math.max(to, after)}
    return loaded.tombstones
  }

  /** The age limit takes the oldest first, except for events that are exempt from it; a limit per subject takes any. */
  function mayHaveExpired(storedBefore: number | undefined): boolean {
    if (config.max_msgs_per_subject > 0 || storedBefore === undefined) return true
    return maxAgeMs > 0 && storedBefore + maxAgeMs <= now
  }

  return {
    async explain(first, last, storedBefore) {
      const isExpired = mayHaveExpired(storedBefore)
      const known = partsOf(first, last, await tombstones(false), isExpired)
      if (!known.some(({kind}) => kind === 'missing')) return known
      return partsOf(first, last, await tombstones(true), isExpired)
    },
  }
}

function partsOf(first: number, last: number, tombstones: readonly Tombstone[], isExpired: boolean): GapPart[] {
  const parts: GapPart[] = []
  const kind = isExpired ? 'expired' : 'missing'
  let next = first
  for (let at = placeOf(tombstones, first); at < tombstones.length && tombstones[at]!.seq <= last; at++) {
    const tombstone = tombstones[at]!
    if (tombstone.seq > next) parts.push({kind, first: next, last: tombstone.seq - 1})
    parts.push({kind: 'erased', tombstone})
    next = tombstone.seq + 1
  }
  if (next <= last) parts.push({kind, first: next, last})
  return parts
}

/** Where the first tombstone at or after a sequence is. */
function placeOf(tombstones: readonly Tombstone[], seq: number): number {
  let low = 0
  let high = tombstones.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (tombstones[middle]!.seq < seq) low = middle + 1
    else high = middle
  }
  return low
}
