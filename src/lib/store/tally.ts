import type {ClawEvent} from '../event/envelope.ts'
import {timeOf} from '../event/timestamp.ts'
import type {Grouping, Tally} from './port.ts'

/** Counts events one by one, for stores and filters that cannot be counted where they lie. */
export async function tallyOf(events: AsyncIterable<ClawEvent>, by?: Grouping): Promise<Tally> {
  const counts = new Map<string, number>()
  let count = 0
  for await (const event of events) {
    count++
    const key = by && groupKeyOf(event, by)
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const groups = [...counts].map(([key, count]) => ({key, count}))
  return {count, groups: sortGroups(groups, by)}
}

/** The group an event belongs to; an event without the value belongs to none. */
export function groupKeyOf(event: ClawEvent, by: Grouping): string | undefined {
  if (by === 'type') return event.type
  if (by === 'agent') return event.agentId
  if (by === 'session') return event.sessionKey ?? event.sessionId
  if (by === 'hour') return hourOf(timeOf(event))
  const toolName = event.data['toolName']
  return typeof toolName === 'string' ? toolName : undefined
}

/** The UTC hour of a time in epoch milliseconds, as `2026-11-20T21:00:00.000Z`; undefined for what is no time. */
export function hourOf(timeMs: number): string | undefined {
  if (!Number.isFinite(timeMs)) return undefined
  const hourMs = 3_600_000
  return new Date(Math.floor(timeMs / hourMs) * hourMs).toISOString()
}

/** Sorts in place as `Tally` promises: most frequent first, ties by key; hours in time order. */
export function sortGroups(groups: Tally['groups'], by: Grouping | undefined): Tally['groups'] {
  const byKey = (a: {key: string}, b: {key: string}) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  return groups.sort(by === 'hour' ? byKey : (a, b) => b.count - a.count || byKey(a, b))
}
