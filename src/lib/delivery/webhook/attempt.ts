import {messageOf} from '../../errors.ts'
import type {ClientRequest, HttpClient} from '../../net/client.ts'
import {type Outcome, outcomeOf, outcomeOfFault} from './outcome.ts'

export interface Attempt {
  client: HttpClient
  /** Signs anew each time: a receiver refuses an old signature. */
  makeRequest: () => ClientRequest
  /** Epoch milliseconds. */
  now: () => number
}

/** One request, and what came of it. Never rejects. */
export async function attempt({client, makeRequest, now}: Attempt): Promise<Outcome> {
  let request: ClientRequest
  try {
    request = makeRequest()
  } catch (error) {
    return {kind: 'refused', reason: `it cannot be made a request: ${messageOf(error)}`}
  }
  try {
    return outcomeOf(await client.send(request), now())
  } catch (fault) {
    return outcomeOfFault(fault)
  }
}
