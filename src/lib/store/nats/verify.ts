import type {StreamInfo} from '@nats-io/jetstream'
import type {VerifyFault, VerifyOptions, VerifyResult} from '../port.ts'
import {type ChainMark, chainHeader, digestOf, parseMark} from './chain.ts'
import {type ChainFault, createChainWalk} from './chain-walk.ts'
import type {Delivered} from './consumer.ts'
import {positionOf} from './decode.ts'
import {deliver} from './deliver.ts'
import {createGaps} from './gaps.ts'
import type {Link} from './link.ts'
import {createSegmentCheck} from './segments.ts'
import type {SubjectGrammar} from './subjects.ts'
import {judgeReach, judgeSegments} from './verify-anchor.ts'

const patienceMs = 30_000
const mostFaults = 100

/**
 * Walks the whole stream: every message must be there or rightly gone (erased with a record, expired), be what its
 * writer published, and follow what else that writer published; and the history up to an anchor must be the same still.
 */
export async function verifyStream(
  link: Link,
  grammar: SubjectGrammar,
  {anchor, signal}: VerifyOptions = {},
): Promise<VerifyResult> {
  const info = await link.streamInfo()
  const {created, state} = info
  const faults: VerifyFault[] = lostByServer(info)
  const chains = createChainWalk()
  const segments = createSegmentCheck(anchor?.segments ?? [])
  const gaps = createGaps(link, grammar, info)
  const counts = {events: 0, erased: 0, unmarked: 0, expired: 0, gone: 0}
  let next = 1

  const add = ({seq, kind, message}: ChainFault) => faults.push({position: positionOf(seq), kind, message})

  function take(delivered: Delivered): void {
    const {seq, data} = delivered
    const digest = digestOf(data)
    const {mark, fault} = examine(delivered, digest)
    const broken = mark && chains.take(seq, mark)
    const found = fault ?? broken
    if (found) add(found)
    if (!mark) counts.unmarked++
    counts.events++
    segments.take(seq, digest)
  }

  /** What lies between two messages that are there. */
  async function passGap(to: number, storedBefore: number | undefined): Promise<void> {
    for (const part of await gaps.explain(next, to, storedBefore)) {
      if (part.kind === 'erased') {
        const {seq, digest, writer, number} = part.tombstone
        counts.erased++
        if (writer !== undefined && number !== undefined) chains.takeErased(writer, {seq, number, digest})
        segments.take(seq, digest)
      } else {
        chains.loosen()
        segments.lose(part.first, part.last)
        if (part.kind === 'missing') faults.push(missing(part.first, part.last))
        else if (storedBefore === undefined) counts.gone = part.last
        else counts.expired += part.last - part.first + 1
      }
    }
  }

  let storedBefore: number | undefined
  const range = {after: state.first_seq - 1, to: state.last_seq, created, patienceMs, signal}
  for await (const batch of state.messages > 0 ? deliver(link, range) : []) {
    signal?.throwIfAborted()
    for (const delivered of batch) {
      if (delivered.seq > next) await passGap(delivered.seq - 1, storedBefore)
      take(delivered)
      next = delivered.seq + 1
      storedBefore = delivered.storedMs
    }
    if (faults.length >= mostFaults) break
  }
  signal?.throwIfAborted()
  if (next <= state.last_seq && faults.length < mostFaults) await passGap(state.last_seq, storedBefore)
  const notes = notesOn(counts)
  if (anchor) {
    const reach = judgeReach(anchor, state.last_seq)
    const {faults: wrong, note} = judgeSegments(anchor, segments.end())
    faults.push(...(reach ? [reach] : wrong))
    if (note !== undefined) notes.push(note)
  }
  faults.sort((a, b) => (a.position < b.position ? -1 : Number(a.position > b.position)))
  const {events, erased, unmarked} = counts
  return {ok: faults.length === 0, chained: unmarked === 0, events, erased, faults: faults.slice(0, mostFaults), notes}
}

/** The mark of a message, if it has one, and what is wrong with the message itself. */
function examine({seq, msg}: Delivered, digest: string): {mark?: ChainMark; fault?: ChainFault} {
  const text = msg.headers?.get(chainHeader) ?? ''
  if (text === '') return {}
  const mark = parseMark(text)
  if (mark?.digest === digest) return {mark}
  return {mark, fault: {seq, kind: 'changed', message: 'this event is not what its writer published'}}
}

function lostByServer({state}: StreamInfo): VerifyFault[] {
  return (state.lost?.msgs ?? [])
    .slice(0, mostFaults)
    .map((seq) => ({position: positionOf(seq), kind: 'missing', message: 'the server lost it from its file'}))
}

function missing(first: number, last: number): VerifyFault {
  const why = 'and neither the age limit nor the record of an erasure says why'
  const message = first === last ? `this event is missing, ${why}` : `${last - first + 1} events are missing, ${why}`
  return {position: positionOf(first), kind: 'missing', message}
}

interface Counts {
  /** In no chain. */
  unmarked: number
  /** Beyond the age limit, with older ones before them. */
  expired: number
  /** The last sequence of those at the beginning that are gone. */
  gone: number
}

function notesOn({unmarked, expired, gone}: Counts): string[] {
  const notes: string[] = []
  if (gone > 0) notes.push(`what was stored up to position ${positionOf(gone)} has expired or is pruned`)
  if (expired > 0) notes.push(`${expired} events after that have reached the age limit`)
  if (unmarked > 0) {
    notes.push(
      `${unmarked} events are in no chain (other tools wrote them): that one is missing is seen, a change is not`,
    )
  }
  return notes
}
