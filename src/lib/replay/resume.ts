import type {Filter} from '../filter/filter.ts'
import type {FilterFlags} from '../filter/parse.ts'
import type {StoreDescription} from '../store/port.ts'
import {type ReplayPlace, readPlace, writePlace} from './place-file.ts'
import type {ReplayOptions} from './replay.ts'

export interface ResumeRequest {
  /** Where the place is kept; made when it is not there. Absent: it is not kept. */
  file: string | undefined
  /** The log that is replayed. */
  log: Pick<StoreDescription, 'store' | 'stream'>
  /** Where to, without secrets. */
  to: string
  /** The filters as they were given, and as they are now. */
  flags: FilterFlags
  filter: Filter
  /** At most this many events in all; 0: all. */
  limit: number
}

export interface Resumed extends Pick<ReplayOptions, 'filter' | 'most' | 'from' | 'keepPlace'> {
  /** Events that were sent before. */
  sent: number
}

/** What is left of a replay whose place is in a file, and how to keep it from now on. */
export async function resume({file, log, to, flags, filter, limit}: ResumeRequest): Promise<Resumed> {
  const inAll = limit === 0 ? undefined : limit
  if (file === undefined) return {filter, most: inAll, sent: 0}
  const now = {version: 1, store: log.store, stream: log.stream, to, asked: filterFlagsOf(flags)} as const
  const place: ReplayPlace = readPlace(file, now) ?? {...now, filter, position: '', sent: 0}
  // A file that cannot be written is found out before anything is sent.
  await writePlace(file, place)
  const {sent, position} = place
  return {
    filter: place.filter,
    from: position,
    most: inAll && Math.max(0, inAll - sent),
    sent,
    keepPlace: (reached) => writePlace(file, {...place, position: reached.position, sent: sent + reached.read}),
  }
}

function filterFlagsOf(flags: FilterFlags): Record<string, unknown> {
  const {type, agent, session, run, tool, since, until, text, where} = flags
  const given = Object.entries({type, agent, session, run, tool, since, until, text, where})
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
