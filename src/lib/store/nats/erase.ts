import {ClawError} from '../../errors.ts'
import type {StoredEvent} from '../../event/envelope.ts'
import {createErasureTally, erasureRecord, eventsToErase} from '../erasure.ts'
import type {EraseRequest, EraseResult} from '../port.ts'
import {chainHeader, digestOf, parseMark} from './chain.ts'
import {sequenceOf} from './decode.ts'
import {apiErrors, hasApiCode} from './failures.ts'
import type {Link} from './link.ts'
import {limitsOf} from './outgoing.ts'
import {createPublisher, type Publisher} from './publisher.ts'
import {readEvents} from './read.ts'
import type {SubjectGrammar} from './subjects.ts'
import {type Tombstone, tombstoneJson} from './tombstones.ts'

/** Events of one record, and what each takes in it at most. */
const mostOfRecord = 200
const tombstoneBytes = 600
const recordBytes = 2000
/** Requests on their way at a time. */
const mostRequests = 32

/**
 * Deletes events from the stream, overwriting them in the server's files, and publishes beforehand which ones: cut off
 * in between, it finds them again. An immutable stream refuses.
 */
export async function eraseFromStream(
  link: Link,
  grammar: SubjectGrammar,
  request: EraseRequest,
  now: () => number,
): Promise<EraseResult> {
  const info = await link.streamInfo()
  if (info.config.deny_delete && !request.dryRun) throw immutable(link)
  const tally = createErasureTally()
  const closing = new AbortController()
  const read = (filter: EraseRequest['filter']) =>
    readEvents({link, grammar, closing: closing.signal}, filter, {signal: request.signal})
  const limits = limitsOf(info.config)
  const publisher = createPublisher({link, grammar, limits, created: info.created, lastSeq: info.state.last_seq})
  const size = recordSize(link, limits.maxMessageSize)
  let erased = 0
  let batch: StoredEvent[] = []
  const eraseBatch = async () => {
    erased += await eraseEvents({link, publisher, request, now}, batch)
    batch = []
  }
  try {
    for await (const event of eventsToErase(read, request)) {
      tally.note(event.type)
      if (request.dryRun) continue
      batch.push(event)
      if (batch.length === size) await eraseBatch()
    }
    if (batch.length > 0) await eraseBatch()
  } finally {
    closing.abort()
    publisher.close()
  }
  return {...tally.result(), erased}
}

function recordSize(link: Link, maxMessageSize: number): number {
  const largest = maxMessageSize > 0 ? Math.min(maxMessageSize, link.maxPayload()) : link.maxPayload()
  return Math.max(1, Math.min(mostOfRecord, Math.floor((largest - recordBytes) / tombstoneBytes)))
}

interface Erasing {
  link: Link
  publisher: Publisher
  request: EraseRequest
  now: () => number
}

async function eraseEvents({link, publisher, request, now}: Erasing, events: readonly StoredEvent[]): Promise<number> {
  const found = await inTurns(events, (event) => tombstoneOf(link, event))
  const tombstones = found.filter((tombstone) => tombstone !== undefined)
  if (tombstones.length === 0) return 0
  const [first, last] = [events[0]!.position, events.at(-1)!.position]
  const proof = {events: tombstones.map(tombstoneJson)}
  await publisher.append([erasureRecord({erased: tombstones.length, first, last, request}, proof, now())])
  const {stream} = link.target
  await inTurns(tombstones, async ({seq}) => {
    try {
      await link.askPatiently(() => link.jsm.streams.deleteMessage(stream, seq, true))
    } catch (thrown) {
      // Asked again after an answer that was lost, or deleted by somebody else at the same time.
      if (!hasApiCode(causeOf(thrown), apiErrors.sequenceNotFound)) throw thrown
    }
  })
  return tombstones.length
}

/** Undefined for an event that is gone meanwhile. */
async function tombstoneOf(link: Link, {position, eventId}: StoredEvent): Promise<Tombstone | undefined> {
  const {jsm, target} = link
  const seq = sequenceOf(position)
  const message = await link.askPatiently(() => jsm.streams.getMessage(target.stream, {seq}))
  if (message === null) return undefined
  const mark = parseMark(message.header.get(chainHeader))
  const digest = digestOf(message.data)
  return {seq, eventId, digest, ...(mark && {writer: mark.writer, number: mark.number})}
}

async function inTurns<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += mostRequests) {
    results.push(...(await Promise.all(items.slice(at, at + mostRequests).map(task))))
  }
  return results
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof ClawError ? thrown.cause : thrown
}

function immutable({target: {stream, url}}: Link): ClawError {
  return new ClawError('STORE_READ_ONLY', `stream ${stream} at ${url} is immutable: it deletes no single event`, {
    suggestions: [
      'copy what may stay into another stream: `claw-events replay --where … --to URL`, then remove this one',
      'events go when they reach the age limit of the stream: `claw-events stream init --max-age AGE`',
    ],
  })
}
