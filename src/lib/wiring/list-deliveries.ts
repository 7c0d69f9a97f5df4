import type {StateOptions} from '../config/state-dir.ts'
import type {StoreLocation} from '../config/store-settings.ts'
import {findDeliveries, type ReaderSummary, resolveReader, summarizeReaders} from '../delivery/deliveries.ts'
import type {Filter} from '../filter/filter.ts'
import type {Delivery, DeliveryState} from '../store/state-port.ts'
import {withDeliveries, withLog} from './open-deliveries.ts'

export interface ListOptions {
  source: StateOptions
  location: StoreLocation
  /** Of a reader, as people give it. */
  name?: string
  state?: DeliveryState
  filter: Filter
  limit: number
}

/** A delivery with times as documents have them. */
export type ListedDelivery = Omit<Delivery, 'nextAt' | 'addedAt'> & {nextAt: string; addedAt: string}

export interface ListedDeliveries {
  readers: ReaderSummary[]
  /** The first `limit` that match. */
  deliveries: ListedDelivery[]
  hasMore: boolean
}

/**
 * What sinks have not delivered. The log is only asked how far behind readers are; `onProblem` is told when it cannot
 * be.
 */
export async function listDeliveries(
  {source, location, name, state, filter, limit}: ListOptions,
  onProblem: (problem: string) => void,
): Promise<ListedDeliveries> {
  const nothing: ListedDeliveries = {readers: [], deliveries: [], hasMore: false}
  const list = async (store: Parameters<typeof resolveReader>[0]): Promise<ListedDeliveries> => {
    const reader = name === undefined ? undefined : await resolveReader(store, name)
    const readers = await withLog(location, (log, problem) => {
      if (problem !== undefined) onProblem(problem)
      return summarizeReaders(store, log)
    })
    const deliveries: ListedDelivery[] = []
    for await (const delivery of findDeliveries(store, {reader, state, filter})) {
      if (deliveries.length === limit) return {readers: only(readers, reader), deliveries, hasMore: true}
      deliveries.push(listed(delivery))
    }
    return {readers: only(readers, reader), deliveries, hasMore: false}
  }
  return withDeliveries(source, list, nothing)
}

function only(readers: ReaderSummary[], reader: string | undefined): ReaderSummary[] {
  return reader === undefined ? readers : readers.filter((summary) => summary.reader === reader)
}

function listed({event, nextAt, addedAt, ...delivery}: Delivery): ListedDelivery {
  return {...delivery, nextAt: timeText(nextAt), addedAt: timeText(addedAt), event}
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
