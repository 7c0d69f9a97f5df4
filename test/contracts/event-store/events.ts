import type {ClawEvent, StoredEvent} from '../../../src/lib/event/envelope.ts'

const start = Date.parse('2026-11-20T21:00:00.000Z')

/** A plain event; `id` is its whole identity, its number (`e-7`) also its second, so that times rise with ids. */
export function event(id: string, fields: Partial<ClawEvent> = {}): ClawEvent {
  const second = Number(/\d+$/.exec(id)?.[0] ?? 0)
  return {
    eventId: id,
    schemaVersion: '1.2.0',
    timestamp: new Date(start + second * 1000).toISOString(),
    type: 'message.received',
    eventCategory: 'message',
    eventName: 'message_received',
    source: 'plugin-hook',
    agentId: 'main',
    sessionKey: 'agent:main:main',
    correlationId: `c-${id}`,
    visibility: 'internal',
    data: {content: `text of ${id}`},
    ...fields,
  }
}

/** `e-0`, `e-1`, … */
export function eventsUpTo(count: number, fields: (index: number) => Partial<ClawEvent> = () => ({})): ClawEvent[] {
  return Array.from({length: count}, (_, index) => event(`e-${index}`, fields(index)))
}

export function ids(events: readonly ClawEvent[]): string[] {
  return events.map(({eventId}) => eventId)
}

export async function allOf(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  const all: StoredEvent[] = []
  for await (const one of events) all.push(one)
  return all
}

export async function idsOf(events: AsyncIterable<StoredEvent>): Promise<string[]> {
  return ids(await allOf(events))
}

/** The first `count` events of an iteration that may never end by itself. */
export async function take(events: AsyncIterable<StoredEvent>, count: number): Promise<StoredEvent[]> {
  const taken: StoredEvent[] = []
  if (count === 0) return taken
  for await (const one of events) {
    taken.push(one)
    if (taken.length === count) break
  }
  return taken
}

/** What was appended: a stored event without what the log adds. */
export function asAppended({position: _, storedAt: __, ...appended}: StoredEvent): ClawEvent {
  return appended
}

/** The value after a trip through JSON, which is all that a log promises to keep. */
export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value))
}
