import type {StoredEvent} from '../event/envelope.ts'
import type {EventStore} from '../store/port.ts'
import {type Check, fine, wrong} from './check.ts'

/** How many turns with or without context are looked at, the newest first. */
const mostTurns = 500

/** For every agent that is given context: whether its newest turn had it, and if not, why. */
export async function checkContext(store: EventStore, isOn: (agentId: string) => boolean): Promise<Check[]> {
  const types = ['context.injected', 'context.skipped']
  const newest = new Map<string, StoredEvent>()
  for await (const event of store.read({types}, {order: 'desc', limit: mostTurns})) {
    if (isOn(event.agentId) && !newest.has(event.agentId)) newest.set(event.agentId, event)
  }
  return [...newest.values()].map(checkTurn)
}

function checkTurn({type, agentId, timestamp, data}: StoredEvent): Check {
  if (type === 'context.injected') return fine(`context.${agentId}`, `agent ${agentId} had its context at ${timestamp}`)
  const message = `agent ${agentId} went on without its context at ${timestamp}: ${textOf(data['reason'])}`
  return wrong(`context.${agentId}`, 'warning', message, fixFor(data['code']))
}

function fixFor(code: unknown): string {
  if (code !== 'DEADLINE') return 'look at the checks of the store'
  return '`claw-events context preview` brings the index up to date and shows how long it takes; or raise context.deadlineMs'
}

function textOf(reason: unknown): string {
  return typeof reason === 'string' ? reason : 'no reason was kept'
}
