import type {ClawEvent} from '../../event/envelope.ts'
import type {AppendResult, IdRange} from '../port.ts'
import {type KnownIds, loadKnownIds} from './known-ids.ts'
import type {Link} from './link.ts'
import type {Publisher} from './publisher.ts'
import type {SubjectGrammar} from './subjects.ts'

export interface BulkWriter {
  /** From the first call on, all appends of the store go this way: what they add is then known, too. */
  hasBegun(): boolean
  append(events: readonly ClawEvent[], range?: IdRange): Promise<AppendResult>
  idle(): Promise<void>
}

/** Appends what the stream, or the given part of it, does not hold, whatever its duplicate window is; one call after the other. */
export function createBulkWriter(link: Link, grammar: SubjectGrammar, publisher: Publisher): BulkWriter {
  let known: KnownIds | undefined
  let turn: Promise<unknown> | undefined
  /** Messages of ours since what is known was last compared with the stream. */
  let added = 0

  async function appendNow(events: readonly ClawEvent[], range?: IdRange): Promise<AppendResult> {
    await publisher.idle()
    if (known) await known.catchUp({count: added, lastSeq: publisher.lastSeq()})
    else known = await loadKnownIds(link, grammar, range)
    added = 0
    const ids = known
    // What is not stored after all must not be taken for known later.
    known = undefined
    const fresh = events.filter(({eventId}) => ids.add(eventId))
    const {appended, duplicates} = await publisher.append(fresh)
    known = ids
    added = appended
    return {appended, duplicates: duplicates + events.length - fresh.length}
  }

  return {
    hasBegun: () => turn !== undefined,
    append(events, range) {
      const result = (turn ?? Promise.resolve()).then(() => appendNow(events, range))
      turn = result.catch(() => undefined)
      return result
    },
    async idle() {
      await turn
    },
  }
}
