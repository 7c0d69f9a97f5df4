import {messageOf} from '../../errors.ts'
import type {SinkContext} from '../sink.ts'
import {readDetails} from './details.ts'
import {deliverInOrder} from './ordered.ts'
import {type Beginning, type EndpointOptions, openParts} from './parts.ts'
import {deliverUnordered} from './unordered.ts'

/** How long what is under way may take to end when the sink is stopped. */
const stopMs = 2000

/**
 * Delivers to one endpoint from its cursor on, until the context's signal aborts or the endpoint is disabled, which
 * then stands in the cursor's details; resolves to the reason for that. Rejects with a fault of the log or the state
 * store.
 */
export async function deliver(
  options: EndpointOptions,
  context: SinkContext,
  beginning: Beginning,
): Promise<string | undefined> {
  const {reader, endpoint, settings, random} = options
  const {cursor, view} = beginning
  const known = await context.state.deliveryIdsAfter(reader, cursor.position)
  const stop = new AbortController()
  const {work, retries, details, disabled} = await openParts(options, context, beginning, stop)
  const {client, gate, ledger} = work
  let late: NodeJS.Timeout | undefined
  stop.signal.addEventListener('abort', () => {
    late = setTimeout(() => void client.close(), stopMs)
  })
  const release = abortWith(stop, context.signal)
  // That it was paused is of the process before; this one finds out for itself.
  if (readDetails(cursor.details).paused !== undefined) ledger.touch()
  view.details = details
  view.parts = {ledger, gate}
  const from = {
    from: cursor.position,
    known: new Set(known),
    flushMs: settings.queue.flushIntervalMs,
  }
  const reading = endpoint.ordered
    ? deliverInOrder(work, {...from, retry: settings.retry, random})
    : deliverUnordered(work, from)
  const loops = [reading, retries.run(work)].map((loop) => loop.finally(() => stop.abort()))
  const ends = await Promise.allSettled(loops)
  release()
  await gate.idle()
  clearTimeout(late)
  await client.close()
  gate.close()
  // Only now, with the last save: whoever enables the endpoint must not be overtaken by an earlier one.
  details.disabled = disabled()
  view.parts = undefined
  await ledger.close().catch((error) => {
    context.diagnostics.warn(`${reader}: its last progress was not saved and will be repeated: ${messageOf(error)}`)
  })
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return disabled()?.reason
}

/** Aborts one when the other does. Returns what ends that; `AbortSignal.any` would cost at every look. */
function abortWith(controller: AbortController, signal: AbortSignal): () => void {
  const abort = () => controller.abort()
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, {once: true})
  return () => signal.removeEventListener('abort', abort)
}
