import type {ClawEvent, Position} from '../../event/envelope.ts'
import type {EventStore} from '../../store/port.ts'

/** The last known status of each agent, for `parentStatus`. */
export interface Statuses {
  get(agentId: string): string | undefined
  take(event: ClawEvent): void
}

/** Agents that are remembered; the one that was heard of longest ago is forgotten first. */
const mostAgents = 10_000
const mostRead = 2000

/** What agents were when a reader begins behind `to`: the newest agent.status of each. */
export async function loadStatuses(store: EventStore, to: Position): Promise<Statuses> {
  const known = new Map<string, string>()
  function take({type, agentId, data}: ClawEvent): void {
    const status = data['status']
    if (type !== 'agent.status' || typeof status !== 'string') return
    known.delete(agentId)
    known.set(agentId, status)
    if (known.size > mostAgents) known.delete(known.keys().next().value!)
  }
  if (to !== '') {
    const range = {to, order: 'desc', limit: mostRead} as const
    const newest = await Array.fromAsync(store.read({types: ['agent.status']}, range))
    for (const event of newest.reverse()) take(event)
  }
  return {get: (agentId) => known.get(agentId), take}
}
