import type {StoredEvent} from '../event/envelope.ts'
import {timeOf} from '../event/timestamp.ts'
import {everything, type Filter} from '../filter/filter.ts'
import type {EventStore, ReadRange} from '../store/port.ts'

/** What a replay would send. */
export interface ReplayPlan {
  events: number
  /** Of the first and the last, as their timestamps tell; null where there is no event. */
  first: string | null
  last: string | null
  /** How long it would take at that speed; 0: as fast as the target takes them. */
  durationMs: number
}

/** Reads what a replay would send, and sends nothing; `look` is shown each event. */
export async function planReplay(
  store: EventStore,
  filter: Filter,
  {speed, look, ...range}: ReadRange & {speed: number; look?: (event: StoredEvent) => unknown},
): Promise<ReplayPlan> {
  const plan: ReplayPlan = {events: 0, first: null, last: null, durationMs: 0}
  let start = Number.NaN
  for await (const event of store.read(filter, range)) {
    plan.events++
    await look?.(event)
    plan.first ??= event.timestamp
    plan.last = event.timestamp
    const time = timeOf(event)
    if (Number.isNaN(start)) start = time
    // An event stamped earlier than others before it is due at once.
    else if (time > start) plan.durationMs = Math.max(plan.durationMs, (time - start) / speed)
  }
  return {...plan, durationMs: Math.round(plan.durationMs)}
}

/** How many events a replay will send in all; undefined where a server would have to read its log for that. */
export async function totalOf(store: EventStore, filter: Filter, limit: number): Promise<number | undefined> {
  const {kind, events} = await store.describe()
  const isAll = Object.keys(filter).length === Object.keys(everything).length
  const matching = isAll ? events : kind === 'nats' ? undefined : (await store.count(filter)).count
  return matching === undefined || limit === 0 ? matching : Math.min(matching, limit)
}
