import type {StreamInfo} from '@nats-io/jetstream'
import {deliver} from './deliver.ts'
import {delay, type Link} from './link.ts'

/** What a killed process has sent is stored within this time, or not at all. */
const quietMs = 100
/** A stream that others write to is never quiet. */
const mostWaitMs = 2000
const scanPatienceMs = 5000

/** The stream's state, once nothing has been added to it for a moment: data of a killed writer may be on its way. */
export async function settledInfo(link: Link): Promise<StreamInfo> {
  const start = performance.now()
  let info = await link.streamInfo()
  let since = start
  for (;;) {
    const now = performance.now()
    if (quietFor(info) >= quietMs || now - since >= quietMs || now - start >= mostWaitMs) return info
    await delay(quietMs / 4)
    const next = await link.streamInfo()
    if (next.state.last_seq !== info.state.last_seq) since = performance.now()
    info = next
  }
}

/** How long the stream has been as it is, by the server's clock; servers before 2.10 do not tell. */
function quietFor({ts, created, state}: StreamInfo): number {
  if (ts === undefined) return 0
  return Date.parse(ts) - Math.max(Date.parse(created), state.messages > 0 ? Date.parse(state.last_ts) : 0)
}

/** The message ids of what was stored after a sequence. */
export async function messageIdsAfter(link: Link, {created, state}: StreamInfo, after: number): Promise<Set<string>> {
  const found = new Set<string>()
  const range = {after, to: state.last_seq, created, headersOnly: true, patienceMs: scanPatienceMs}
  if (state.messages === 0 || after >= state.last_seq) return found
  for await (const batch of deliver(link, range)) {
    for (const {msg} of batch) found.add(msg.headers?.get('Nats-Msg-Id') ?? '')
  }
  return found
}
