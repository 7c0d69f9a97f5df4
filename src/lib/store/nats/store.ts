import type {StreamInfo} from '@nats-io/jetstream'
import type {ClawEvent} from '../../event/envelope.ts'
import {storeClosed} from '../closed.ts'
import type {EventStore} from '../port.ts'
import {createBulkWriter} from './bulk.ts'
import {countEvents} from './count.ts'
import {positionOf} from './decode.ts'
import {descriptionOf} from './describe.ts'
import {failureOf} from './failures.ts'
import {followEvents} from './follow.ts'
import {type Link, openLink} from './link.ts'
import {limitsOf} from './outgoing.ts'
import {createPublisher} from './publisher.ts'
import {type ReadContext, readEvents} from './read.ts'
import {subjectGrammar} from './subjects.ts'
import type {NatsOptions} from './target.ts'

/**
 * Opens the log that is a JetStream stream. STORE_MISSING when there is no such stream: `openNatsAdmin` makes it.
 * A message in the stream that is no event, in any dialect, is passed over by readers and counted by `describe`.
 */
export async function openNatsStore(options: NatsOptions): Promise<EventStore> {
  const link = await openLink(options)
  try {
    return storeOf(link, await link.streamInfo())
  } catch (thrown) {
    await link.close()
    throw thrown
  }
}

function storeOf(link: Link, {config, created, state}: StreamInfo): EventStore {
  const {target} = link
  const grammar = subjectGrammar(target)
  const closing = new AbortController()
  const context: ReadContext = {link, grammar, closing: closing.signal}
  const publisher = createPublisher({
    link,
    grammar,
    limits: limitsOf(config),
    created,
    replicas: config.num_replicas,
    lastSeq: state.last_seq,
  })
  const bulk = createBulkWriter(link, grammar, publisher)
  let closed: Promise<void> | undefined

  async function ask<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    closing.signal.throwIfAborted()
    signal?.throwIfAborted()
    try {
      return await call()
    } catch (thrown) {
      closing.signal.throwIfAborted()
      signal?.throwIfAborted()
      throw failureOf(thrown, target)
    }
  }

  async function close(): Promise<void> {
    closing.abort(storeClosed(target.url))
    await bulk.idle()
    await publisher.idle()
    publisher.close()
    await link.close()
  }

  return {
    async append(events, {bulk: range = false} = {}) {
      closing.signal.throwIfAborted()
      if (events.length === 0) return {appended: 0, duplicates: 0}
      if (range || bulk.hasBegun()) return bulk.append(events, typeof range === 'object' ? range : undefined)
      const distinct = firstOfEach(events)
      const {appended, duplicates} = await publisher.append(distinct)
      return {appended, duplicates: duplicates + events.length - distinct.length}
    },
    read: (filter, range) => readEvents(context, filter, range),
    follow: (filter, followOptions) => followEvents(context, filter, followOptions),
    count: (filter, by, {signal} = {}) => ask(() => countEvents(context, filter, {by, signal}), signal),
    head: () =>
      ask(async () => {
        const {state} = await link.streamInfo()
        return state.last_seq > 0 ? positionOf(state.last_seq) : undefined
      }),
    describe: () => ask(async () => descriptionOf(await link.streamInfo(), target.url)),
    close() {
      closed ??= close()
      return closed
    },
  }
}

function firstOfEach(events: readonly ClawEvent[]): readonly ClawEvent[] {
  if (events.length === 1) return events
  const ids = new Set<string>()
  return events.filter(({eventId}) => {
    if (ids.has(eventId)) return false
    ids.add(eventId)
    return true
  })
}
