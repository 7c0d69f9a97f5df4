import {createHash} from 'node:crypto'
import type {Anchor} from '../anchor.ts'
import {type Interruptible, logStart} from '../port.ts'
import {digestOf} from './chain.ts'
import {positionOf} from './decode.ts'
import {deliver} from './deliver.ts'
import type {Link} from './link.ts'
import {createSegmentHasher} from './segments.ts'

const patienceMs = 30_000

/** What the stream is now: the digests of all its messages, hashed in stretches. Reads the whole stream. */
export async function anchorStream(link: Link, now: () => number, {signal}: Interruptible = {}): Promise<Anchor> {
  const at = new Date(now()).toISOString()
  const {created, state} = await link.streamInfo()
  const hasher = createSegmentHasher()
  let events = 0
  const range = {after: state.first_seq - 1, to: state.last_seq, created, patienceMs, signal}
  for await (const batch of state.messages > 0 ? deliver(link, range) : []) {
    for (const {seq, data} of batch) hasher.take(seq, digestOf(data))
    events += batch.length
  }
  signal?.throwIfAborted()
  const segments = hasher.end()
  const chain = createHash('sha256')
  for (const segment of segments) chain.update(segment.chain)
  const position = state.last_seq === 0 ? logStart : positionOf(state.last_seq)
  return {store: link.target.url, position, events, chain: chain.digest('hex'), at, segments}
}
