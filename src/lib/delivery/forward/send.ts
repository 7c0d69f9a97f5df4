import {ClawError, type ErrorCode, messageOf} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import {withoutPlace} from '../../event/without-place.ts'
import type {EventStore, IdRange} from '../../store/port.ts'

export interface Refusal {
  event: StoredEvent
  reason: string
}

export interface Sent {
  delivered: number
  /** Events that the target does not take, whatever is done. All others are in it. */
  refused: readonly Refusal[]
  /** Whether the target now compares ids at every append. */
  comparesIds: boolean
}

/** After these nothing can be said of the events: the target itself does not work. */
const outages: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'STORE_UNREACHABLE',
  'STORE_MISSING',
  'STORE_FULL',
  'STORE_READ_ONLY',
  'STORE_LOCKED',
  'STORE_CORRUPT',
  'STORE_CLOSED',
])

export interface SendOptions {
  /** Where the target may have these events already; undefined: nowhere. */
  doubt: IdRange | undefined
  /** The same, once something was sent and it is open what became of it. */
  afterFailure: IdRange
}

/**
 * Appends events to the target, in order. Rejects when the target does not work; it is then open which of them it has.
 * An event that it refuses while it takes others holds none of them up.
 */
export async function send(
  target: EventStore,
  events: readonly StoredEvent[],
  {doubt, afterFailure}: SendOptions,
): Promise<Sent> {
  try {
    await target.append(events.map(withoutPlace), doubt && {bulk: doubt})
    return {delivered: events.length, refused: [], comparesIds: doubt !== undefined}
  } catch (thrown) {
    if (isOutage(thrown)) throw thrown
    return sendSingly(target, events, doubt ?? afterFailure)
  }
}

async function sendSingly(target: EventStore, events: readonly StoredEvent[], range: IdRange): Promise<Sent> {
  const refused: Refusal[] = []
  let isTargetAtFault = false
  let failure: unknown
  for (const event of events) {
    try {
      await target.append([withoutPlace(event)], {bulk: range})
    } catch (thrown) {
      if (isOutage(thrown)) throw thrown
      failure = thrown
      // Of its names and its size the store judges by itself; anything else may be meant for all events.
      isTargetAtFault ||= codeOf(thrown) !== 'EVENT_INVALID'
      refused.push({event, reason: messageOf(thrown)})
    }
  }
  const delivered = events.length - refused.length
  if (delivered === 0 && isTargetAtFault) throw failure
  return {delivered, refused, comparesIds: true}
}

/** Whether a failure says nothing about the event. */
export function isOutage(thrown: unknown): boolean {
  const code = codeOf(thrown)
  return code !== undefined && outages.has(code)
}

function codeOf(thrown: unknown): ErrorCode | undefined {
  return thrown instanceof ClawError ? thrown.code : undefined
}
