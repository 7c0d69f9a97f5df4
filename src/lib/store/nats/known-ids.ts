import type {StreamInfo} from '@nats-io/jetstream'
import {type IdRange, logStart} from '../port.ts'
import {createDecode, sequenceOf} from './decode.ts'
import {deliver} from './deliver.ts'
import {createIdSet, type IdSet} from './id-set.ts'
import type {Link} from './link.ts'
import {messageIdOf} from './outgoing.ts'
import {firstSince} from './prune.ts'
import {settledInfo} from './settled.ts'
import {isOwnTypeForm, type SubjectGrammar} from './subjects.ts'
import {loadTombstones} from './tombstones.ts'

/** The ids of all events that the stream holds or erased, as message ids. */
export interface KnownIds {
  /** False when it is known. */
  add(eventId: string): boolean
  /** Takes in what was stored since the last call; `ours` messages up to `lastSeq` were added by us and are known. */
  catchUp(ours: {count: number; lastSeq: number}): Promise<void>
}

const scanPatienceMs = 10_000

/**
 * Loads every id that the stream, or a part of it, holds, headers only: about 200 000 a second. Messages without an id
 * of ours (other tools') are read whole, since their event's id comes from their content.
 */
export async function loadKnownIds(link: Link, grammar: SubjectGrammar, range?: IdRange): Promise<KnownIds> {
  const ids = createIdSet()
  const settled = await settledInfo(link)
  await scan(link, grammar, settled, await startOf(link, settled, range), ids)
  await addErased(link, grammar, settled, 0, ids)
  let scannedTo = settled.state.last_seq

  return {
    add: (eventId) => ids.add(messageIdOf(eventId)),
    async catchUp({count, lastSeq}) {
      const info = await link.streamInfo()
      const {last_seq: last} = info.state
      const isOursAlone = last === lastSeq && last === scannedTo + count
      if (last > scannedTo && !isOursAlone) {
        await scan(link, grammar, info, scannedTo, ids)
        await addErased(link, grammar, info, scannedTo, ids)
      }
      scannedTo = last
    },
  }
}

/** The sequence after which the range begins. */
async function startOf(link: Link, {state}: StreamInfo, range: IdRange = {after: logStart}): Promise<number> {
  if ('after' in range) return sequenceOf(range.after)
  return (await firstSince(link, range.since, state)) - 1
}

/** An event that was erased must not come back, so its id stays known. */
async function addErased(
  link: Link,
  grammar: SubjectGrammar,
  {created, state}: StreamInfo,
  after: number,
  ids: IdSet,
): Promise<void> {
  const tombstones = await loadTombstones(link, grammar, {after, to: state.last_seq, created})
  for (const {eventId} of tombstones.values()) ids.add(messageIdOf(eventId))
}

async function scan(
  link: Link,
  grammar: SubjectGrammar,
  {created, state}: StreamInfo,
  after: number,
  ids: IdSet,
): Promise<void> {
  if (state.messages === 0 || after >= state.last_seq) return
  const range = {after, to: state.last_seq, created, patienceMs: scanPatienceMs}
  let firstForeign = Number.POSITIVE_INFINITY
  let lastForeign = 0
  const isOwnSubject = ownSubjectTest(grammar)
  for await (const batch of deliver(link, {...range, headersOnly: true})) {
    for (const {seq, msg} of batch) {
      const messageId = msg.headers?.get('Nats-Msg-Id') ?? ''
      if (messageId !== '') ids.add(messageId)
      if (messageId !== '' && isOwnSubject(msg.subject)) continue
      firstForeign = Math.min(firstForeign, seq)
      lastForeign = seq
    }
  }
  if (lastForeign === 0) return
  const decode = createDecode(link.target.stream)
  for await (const batch of deliver(link, {...range, after: firstForeign - 1, to: lastForeign})) {
    for (const delivered of batch) {
      const event = decode(delivered)
      if (event !== undefined) ids.add(messageIdOf(event.eventId))
    }
  }
}

function ownSubjectTest(grammar: SubjectGrammar): (subject: string) => boolean {
  const known = new Map<string, boolean>()
  return (subject) => {
    let isOwn = known.get(subject)
    if (isOwn === undefined) {
      const parts = grammar.partsOf(subject)
      isOwn = parts !== undefined && isOwnTypeForm(parts.type)
      known.set(subject, isOwn)
    }
    return isOwn
  }
}
