import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'
import {everything} from '../../../src/lib/filter/filter.ts'
import {openLink} from '../../../src/lib/store/nats/link.ts'
import {createPublisher, type PublisherOptions} from '../../../src/lib/store/nats/publisher.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import {subjectGrammar} from '../../../src/lib/store/nats/subjects.ts'
import type {NatsOptions} from '../../../src/lib/store/nats/target.ts'
import {event, eventsUpTo, ids, idsOf} from '../../contracts/event-store/events.ts'
import {type NatsServer, natsBinaries, startNats} from '../../nats-server.ts'
import {bareClient, newLog, reconfigure} from './a-log.ts'

describe.each(natsBinaries)('what stops an append on nats-server %s', (binary) => {
  let server: NatsServer
  beforeAll(async () => {
    server = await startNats({binary})
  })
  afterAll(() => server.stop())

  const undo: Array<() => Promise<void>> = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  async function open(options: NatsOptions) {
    const store = await openNatsStore(options)
    undo.push(() => store.close())
    return store
  }

  async function client() {
    const bare = await bareClient(server.url)
    undo.push(bare.close)
    return bare.jsm
  }

  async function openPublisher(options: NatsOptions, timing: Pick<PublisherOptions, 'silentMs' | 'retryForMs'>) {
    const link = await openLink(options)
    const {created, state} = await link.streamInfo()
    const limits = {maxMessageSize: 0, takesForever: false}
    const grammar = subjectGrammar(link.target)
    const publisher = createPublisher({link, grammar, limits, created, lastSeq: state.last_seq, ...timing})
    undo.push(async () => {
      publisher.close()
      await link.close()
    })
    return publisher
  }

  it('a full stream: the first event that did not fit is named, the others of the call are not tried', async () => {
    const options = await newLog(server.url)
    await reconfigure(server.url, options.stream, {max_bytes: 3000, discard: 'new'})
    const store = await open(options)
    const failure = await store.append(eventsUpTo(2000)).catch((thrown) => thrown)
    expect(failure).toMatchObject({code: 'STORE_FULL', exit: 1})
    const stored = await idsOf(store.read(everything))
    expect(stored.length).toBeGreaterThan(0)
    expect(failure.message).toContain(`event e-${stored.length}: `)
    expect(failure.message).toContain(`; ${stored.length} of 2000 events of this call are stored`)
    expect(failure.suggestions.join()).toContain('stream prune')
  })

  it('a stream that is gone', async () => {
    const options = await newLog(server.url)
    const store = await open(options)
    await store.append([event('a')])
    await (await client()).streams.delete(options.stream)
    await expect(store.append([event('b'), event('c')])).rejects.toMatchObject({
      code: 'STORE_MISSING',
      message: expect.stringMatching(/0 of 2 events/),
    })
    await expect(idsOf(store.read(everything))).rejects.toMatchObject({code: 'STORE_MISSING'})
  })

  it('a stream that does not take our subjects, or leaves them to another one', async () => {
    const options = await newLog(server.url)
    const other = await open({...options, prefix: 'elsewhere'})
    await expect(other.append([event('a')])).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: expect.stringContaining('elsewhere.main.message.received'),
    })
    const jsm = await client()
    await jsm.streams.add({name: 'taker', subjects: ['elsewhere.>']})
    await expect(other.append([event('a')])).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: expect.stringContaining('taker'),
    })
    await jsm.streams.delete('taker')
  })

  it('a sealed stream', async () => {
    const options = await newLog(server.url)
    const store = await open(options)
    await store.append([event('a')])
    await reconfigure(server.url, options.stream, {sealed: true})
    await expect(store.append([event('b')])).rejects.toMatchObject({code: 'STORE_READ_ONLY'})
    expect(await idsOf(store.read(everything))).toEqual(['a'])
  })

  it('names too long for a subject or a header, and only of the call that has them', async () => {
    const store = await open(await newLog(server.url))
    const results = await Promise.allSettled([
      store.append([event('before')]),
      store.append([event('odd', {agentId: 'x'.repeat(5000)}), event('behind it')]),
      store.append([event('i'.repeat(1000))]),
      store.append([event('after'), event('é'.repeat(64), {agentId: 'é'.repeat(128), type: 'é'.repeat(128)})]),
    ])
    expect(results.map(({status}) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({
      reason: {code: 'EVENT_INVALID', message: expect.stringMatching(/^event odd: .*; 0 of 2 events/)},
    })
    expect(await idsOf(store.read(everything))).toEqual(['before', 'after', 'é'.repeat(64)])
  })

  it('a server that stays away: the append fails in bounded time and says what is stored; the next one works', async () => {
    const publisher = await openPublisher(await newLog(server.url), {retryForMs: 700})
    expect(await publisher.append([event('a')])).toEqual({appended: 1, duplicates: 0})
    await server.kill9()
    const start = performance.now()
    const failing = [publisher.append([event('b'), event('c')]), publisher.append([event('d')])]
    for (const one of failing) await expect(one).rejects.toMatchObject({code: 'STORE_UNREACHABLE'})
    expect(performance.now() - start).toBeLessThan(5000)
    await server.restart()
    expect(await publisher.append([event('b')])).toEqual({appended: 1, duplicates: 0})
  })

  it('a server that is silent for longer than we wait: what it has taken meanwhile is not sent twice', async () => {
    const options = await newLog(server.url)
    await reconfigure(server.url, options.stream, {duplicate_window: 100_000_000})
    const publisher = await openPublisher(options, {silentMs: 200})
    const events = eventsUpTo(1500)
    await publisher.append(events.slice(0, 100))
    server.freeze()
    const appending = publisher.append(events.slice(100))
    // Long enough for it to give up waiting and look, which needs the server.
    await new Promise((resolve) => setTimeout(resolve, 600))
    server.thaw()
    expect(await appending).toEqual({appended: 1400, duplicates: 0})
    const store = await open(options)
    expect(await idsOf(store.read(everything))).toEqual(ids(events))
  })
})
