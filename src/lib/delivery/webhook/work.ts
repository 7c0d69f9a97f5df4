import type {ClientRequest, HttpClient} from '../../net/client.ts'
import type {Outgoing} from '../outgoing.ts'
import type {SinkContext} from '../sink.ts'
import {attempt} from './attempt.ts'
import type {Gate, Sender} from './gate.ts'
import type {Item} from './item.ts'
import type {Ledger} from './ledger.ts'
import type {Outcome} from './outcome.ts'
import type {RequestMaker} from './request.ts'
import type {Settler} from './settle.ts'

/** All that delivering to one endpoint takes. */
export interface Work {
  context: Pick<SinkContext, 'store' | 'state' | 'now'>
  /** Aborts when the sink is stopped, the endpoint disabled, or the log gone. */
  signal: AbortSignal
  reader: string
  outgoing: Outgoing
  client: HttpClient
  makeRequest: RequestMaker
  gate: Gate
  ledger: Ledger
  settler: Settler
  /** Ids of events under way. */
  busy: Set<string>
}

/** A request that was made ahead is signed for its time, so it must not be older. */
const longestReadyMs = 1000

/** Makes the request for an item that will be sent next, while nothing else is to be done. */
export function makeReady({makeRequest, context: {now}}: Work, item: Item): void {
  const madeAt = now()
  item.ready = {request: makeRequest(item.event, madeAt), madeAt}
}

/** One request, and what came of it. Never rejects. */
export function request({client, makeRequest, context: {now}}: Work, item: Item): Promise<Outcome> {
  return attempt({client, makeRequest: () => takeReady(item, now()) ?? makeRequest(item.event, now()), now})
}

function takeReady(item: Item, now: number): ClientRequest | undefined {
  const {ready} = item
  item.ready = undefined
  const age = ready === undefined ? 0 : now - ready.madeAt
  return age >= 0 && age < longestReadyMs ? ready?.request : undefined
}

/** Starts to send an event, without waiting for the end; false when the gate did not open before the signal aborted. */
export async function launch(work: Work, item: Item, sender: Sender): Promise<boolean> {
  const {gate, ledger, settler, busy} = work
  if (!(await gate.enter(sender))) return false
  if (item.isTaken) ledger.take(item.position)
  busy.add(item.eventId)
  void request(work, item).then((outcome) => {
    settler.settle(item, outcome)
    busy.delete(item.eventId)
    gate.leave()
  })
  return true
}
