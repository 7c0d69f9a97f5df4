import {ClawError, messageOf} from '../../errors.ts'
import {withoutPlace} from '../../event/without-place.ts'
import type {EventStore} from '../../store/port.ts'
import type {Delivery} from '../../store/state-port.ts'
import type {SinkContext} from '../sink.ts'
import {mostSkewMs} from './place.ts'
import {isOutage, type Refusal} from './send.ts'

/** Beyond this the target is taken to be at fault, and everything waits. */
export const mostRefused = 10_000
/** Tried again in one go. */
const pieceSize = 100

interface Options {
  reader: string
  context: Pick<SinkContext, 'state' | 'now'>
}

/** What the target refused, as dead deliveries; they do not go on by themselves. Rejects when there would be too many. */
export async function deadOnes(
  refused: readonly Refusal[],
  {reader, context: {state, now}}: Options,
): Promise<Array<Omit<Delivery, 'reader'>>> {
  if (refused.length === 0) return []
  const {dead, waiting} = await state.countDeliveries(reader)
  if (dead + waiting + refused.length > mostRefused) {
    throw new ClawError('STORE_FAILED', `more than ${mostRefused} events were refused: ${refused[0]!.reason}`)
  }
  return refused.map(({event, reason}) => ({
    eventId: event.eventId,
    position: event.position,
    state: 'dead',
    attempts: 1,
    nextAt: now(),
    addedAt: now(),
    lastError: reason,
    event: withoutPlace(event),
  }))
}

/** Whether somebody asked for refused events to be tried again. */
export async function isRetryDue({reader, context: {state, now}}: Options): Promise<boolean> {
  return (await state.deliveries({reader, state: 'waiting', dueBy: now(), limit: 1})).length > 0
}

/** Tries them once. They may be in the target already, where a crash came between that and its being noted. */
export async function retryRefused(target: EventStore, options: Options & {signal: AbortSignal}): Promise<void> {
  const {reader, signal, context} = options
  const {state, now} = context
  for (;;) {
    const due = await state.deliveries({reader, state: 'waiting', dueBy: now(), limit: pieceSize})
    if (due.length === 0) return
    for (const delivery of due) {
      if (signal.aborted) return
      try {
        await target.append([delivery.event], {bulk: {since: new Date(delivery.nextAt - mostSkewMs)}})
        await state.commit({reader, remove: [delivery.eventId]})
      } catch (thrown) {
        if (isOutage(thrown)) throw thrown
        const attempts = delivery.attempts + 1
        await state.commit({reader, put: [{...delivery, state: 'dead', attempts, lastError: messageOf(thrown)}]})
      }
    }
  }
}
