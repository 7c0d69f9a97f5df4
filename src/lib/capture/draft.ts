import type {ClawEvent, EventError, EventSource, Visibility} from '../event/envelope.ts'
import {limits} from '../event/envelope.ts'
import {makeEvent, type NewEvent} from '../event/make.ts'
import type {Ids} from './memory.ts'
import type {Snapshot} from './snapshot.ts'

/** An event before it is complete. */
export interface Draft extends Ids {
  type: string
  /** The source's own name for it. */
  eventName: string
  source: EventSource
  /** Epoch milliseconds: when it happened at the source. */
  at: number
  correlationId?: string
  stream?: string
  seq?: number
  error?: EventError
  data: Record<string, unknown>
  metadata?: Record<string, unknown>
  /** Instead of what the rules say. */
  visibility?: Visibility
}

export interface Completion {
  visibilityOf: (event: ClawEvent) => Visibility
  newId?: (now: number) => string
}

/** The event of a draft, with an id, a correlation and the visibility that the rules give it. */
export function complete(draft: Draft, {visibilityOf, newId}: Completion): ClawEvent {
  const {at, agentId, metadata} = draft
  const isUsable = agentId !== undefined && Buffer.byteLength(agentId) <= limits.agentIdBytes
  const given: NewEvent & {at?: undefined} = {
    ...draft,
    eventId: newId?.(at),
    // An id that no log could hold is kept where it does no harm.
    agentId: isUsable ? agentId : 'system',
    metadata: isUsable || agentId === undefined ? metadata : {...metadata, agentId},
    now: at,
    at: undefined,
  }
  const event = makeEvent(given)
  event.visibility = draft.visibility ?? visibilityOf(event)
  return event
}

/** Metadata that notes what had to be left out of a payload, in the words of `event/shorten.ts`. */
export function withCuts(
  metadata: Record<string, unknown> | undefined,
  {cut}: Pick<Snapshot, 'cut'>,
): Record<string, unknown> | undefined {
  if (cut.length === 0) return metadata
  return {
    ...metadata,
    truncated: cut.map((name) => ({path: `/data/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`})),
  }
}
