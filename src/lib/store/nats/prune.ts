import {JsHeaders, type StreamInfo} from '@nats-io/jetstream'
import type {Msg} from '@nats-io/transport-node'
import type {PruneRequest} from '../port.ts'
import {openConsumer} from './consumer.ts'
import {sequenceOf} from './decode.ts'
import {deliver} from './deliver.ts'
import {delay, type Link} from './link.ts'

/** What the server's file adds to each message, and to one with headers (its `fileStoreMsgSize`). */
const recordBytes = 30
const headerRecordBytes = 4
const patienceMs = 10_000
const lagMs = 50

/** Removes the oldest events of a stream, or says how many that would be. */
export async function pruneStream(link: Link, request: PruneRequest): Promise<{removed: number; left: number}> {
  const {storedBefore, maxBytes, keepFrom, dryRun} = request
  const {state} = await link.streamInfo()
  const {messages} = state
  if (messages === 0) return {removed: 0, left: 0}
  const byAge = storedBefore === undefined ? 0 : await firstSince(link, new Date(storedBefore), state)
  const bySize = maxBytes === undefined ? 0 : await firstWithin(link, maxBytes)
  const kept = keepFrom === undefined ? Number.POSITIVE_INFINITY : Math.max(1, sequenceOf(keepFrom))
  const first = Math.min(Math.max(byAge, bySize), kept)
  const left = await countFrom(link, first)
  if (dryRun || left === messages) return {removed: messages - left, left}
  await link.jsm.streams.purge(link.target.stream, {seq: first})
  const after = (await link.streamInfo()).state
  const removed = messages - left
  // Sizes were reckoned from outside; what the server says counts.
  const isTooLarge = maxBytes !== undefined && after.bytes > maxBytes && after.messages > 0 && first < kept
  if (!isTooLarge) return {removed, left: after.messages}
  const more = await pruneStream(link, {maxBytes: maxBytes - (after.bytes - maxBytes), keepFrom})
  return {removed: removed + more.removed, left: more.left}
}

/** The first sequence that was stored at or after a time; beyond the last when all are older. */
export async function firstSince(link: Link, time: Date, state: StreamInfo['state']): Promise<number> {
  const beyond = state.last_seq + 1
  if (state.messages === 0 || time.getTime() > Date.parse(state.last_ts)) return beyond
  const deadline = performance.now() + patienceMs
  for (;;) {
    const consumer = await openConsumer(link, {from: time, headersOnly: true, atMost: 1})
    try {
      while (consumer.pending > 0) {
        const [first] = (await consumer.take()) ?? []
        if (first) return first.seq
      }
    } finally {
      consumer.close()
    }
    // In a cluster it may live on a server that does not have the newest yet.
    if (!link.isClustered() || performance.now() > deadline) return beyond
    await delay(lagMs)
  }
}

/** The first sequence from which on everything fits into `maxBytes`. */
async function firstWithin(link: Link, maxBytes: number): Promise<number> {
  const {created, state} = await link.streamInfo()
  let surplus = state.bytes - maxBytes
  const range = {after: state.first_seq - 1, to: state.last_seq, created, headersOnly: true, patienceMs}
  if (surplus <= 0) return state.first_seq
  for await (const batch of deliver(link, range)) {
    for (const {seq, msg} of batch) {
      if (surplus <= 0) return seq
      surplus -= sizeOf(msg)
    }
  }
  return state.last_seq + 1
}

/** What a message that was delivered without its body takes in the server's file. */
function sizeOf({subject, headers}: Msg): number {
  let headerBytes = 0
  for (const [name, values] of headers ?? []) {
    // This one says how large the body is and is not stored.
    if (name === JsHeaders.MessageSizeHdr) continue
    for (const value of values) headerBytes += name.length + value.length + ': \r\n'.length
  }
  if (headerBytes > 0) headerBytes += headerRecordBytes + 'NATS/1.0\r\n\r\n'.length
  return recordBytes + subject.length + headerBytes + Number(headers?.get(JsHeaders.MessageSizeHdr) || 0)
}

async function countFrom(link: Link, seq: number): Promise<number> {
  const consumer = await openConsumer(link, {from: seq, headersOnly: true, atMost: 0})
  consumer.close()
  return consumer.pending
}
