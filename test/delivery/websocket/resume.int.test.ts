import path from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {openMemoryStore} from '../../../src/lib/store/memory/store.ts'
import {openNatsAdmin} from '../../../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../../../src/lib/store/nats/store.ts'
import type {EventStore, FollowOptions} from '../../../src/lib/store/port.ts'
import {openSqliteStore} from '../../../src/lib/store/sqlite/store.ts'
import {allOf, event, eventsUpTo, ids} from '../../contracts/event-store/events.ts'
import {startNats} from '../../nats-server.ts'
import type {Client} from './client.ts'
import {afterwards, noRedaction, openScene, openState, tempFolder, until} from './scene.ts'

async function openLog(): Promise<EventStore> {
  const store = await openSqliteStore(path.join(tempFolder(), 'events.db'))
  afterwards(() => store.close())
  return store
}

async function positions(store: EventStore): Promise<string[]> {
  return (await allOf(store.read({}))).map(({position}) => position)
}

describe('a subscription', () => {
  it('from a place gives all that stands after it, then what comes, and says where it begins', async () => {
    const store = await openLog()
    await store.append(eventsUpTo(1000))
    const {connect} = await openScene({store})
    const [all, some, none, live] = [await connect(), await connect(), await connect(), await connect()]
    const places = await positions(store)
    all.send({type: 'subscribe', id: 'a', from: 'start'})
    some.send({type: 'subscribe', id: 'b', from: places[899]})
    none.send({type: 'subscribe', id: 'c', from: places[999]})
    live.send({type: 'subscribe', id: 'd'})
    expect(await all.got('subscribed')).toEqual({type: 'subscribed', id: 'a', from: ''})
    expect(await some.got('subscribed')).toEqual({type: 'subscribed', id: 'b', from: places[899]})
    expect(await none.got('subscribed')).toEqual({type: 'subscribed', id: 'c', from: places[999]})
    expect(await live.got('subscribed')).toEqual({type: 'subscribed', id: 'd', from: places[999]})
    await store.append([event('e-1000')])
    const wanted = ids(eventsUpTo(1001))
    await Promise.all([all.has(1001), some.has(101), none.has(1), live.has(1)])
    expect(all.ids()).toEqual(wanted)
    expect(some.ids()).toEqual(wanted.slice(900))
    expect(none.ids()).toEqual(['e-1000'])
    expect(live.ids()).toEqual(['e-1000'])
  })

  it('gives what its filter holds for, the same from the log as live', async () => {
    const store = await openLog()
    const kinds = (from: number) =>
      Array.from({length: 12}, (_, index) =>
        event(`e-${from + index}`, {
          type: index % 2 ? 'tool.called' : 'message.sent',
          agentId: index % 3 ? 'a' : 'b',
          data: {
            toolName: index % 4 ? 'exec' : 'read',
            text: index % 5 ? 'plain words' : 'a needle',
            durationMs: index,
          },
        }),
      )
    await store.append(kinds(0))
    const {connect} = await openScene({store})
    const filters = [
      {types: ['tool.*']},
      {agents: ['b']},
      {tools: ['ex*'], types: ['*.called', 'nothing.*']},
      {text: 'needle'},
      {where: 'data.durationMs > 8'},
      {since: '2026-11-20T21:00:05Z', until: Date.parse('2026-11-20T21:00:20Z')},
      {sessions: ['agent:main:main'], where: "type == 'message.sent'", text: '"a needle"'},
      {sessions: ['no-such']},
    ]
    const clients: Client[] = []
    for (const filter of filters) {
      const client = await connect()
      client.send({type: 'subscribe', from: 'start', filter})
      await client.got('subscribed')
      clients.push(client)
    }
    await store.append([...kinds(12), event('last', {type: 'tool.called', agentId: 'b'})])
    for (const [index, filter] of filters.entries()) {
      const {since, until: end, ...rest} = filter as {since?: string; until?: number}
      const range = {...(since && {since: Date.parse(since)}), ...(end && {until: end})}
      const wanted = ids(await allOf(store.read({...rest, ...range})))
      await clients[index]!.has(wanted.length)
      expect(clients[index]!.ids(), JSON.stringify(filter)).toEqual(wanted)
    }
  })

  it('takes the place of the one before it, without losing what lies between', async () => {
    const {store, connect} = await openScene()
    const client = await connect()
    await store.append([event('e-1', {agentId: 'a'}), event('e-2', {agentId: 'b'})])
    client.send({type: 'subscribe', filter: {agents: ['a']}})
    await client.got('subscribed')
    const {length} = client.messages
    expect(client.ids()).toEqual(['e-1', 'e-2'])
    await store.append([event('e-3', {agentId: 'a'}), event('e-4', {agentId: 'b'})])
    await client.has(3)
    client.send({type: 'subscribe', from: client.events[0]!.position, filter: {agents: ['b']}})
    await client.got('subscribed', length)
    await store.append([event('e-5', {agentId: 'a'}), event('e-6', {agentId: 'b'})])
    await client.has(6)
    expect(client.ids()).toEqual(['e-1', 'e-2', 'e-3', 'e-2', 'e-4', 'e-6'])
  })

  it('is all that comes where the client asked for quiet', async () => {
    const {store, connect} = await openScene()
    const [quiet, other] = [await connect({path: '/?quiet'}), await connect()]
    await store.append(eventsUpTo(3))
    await other.has(3)
    quiet.send({type: 'subscribe', from: other.events[0]!.position})
    await quiet.has(2)
    expect(quiet.messages.map(({type}) => type)).toEqual([
      'welcome',
      'subscribed',
      'message.received',
      'message.received',
    ])
  })

  it('with a costly filter is one of a limited number; the same filter counts once', async () => {
    const {connect} = await openScene({limits: {costlyFilters: 1}})
    const [one, same, other] = [await connect(), await connect(), await connect()]
    one.send({type: 'subscribe', filter: {where: 'seq > 1'}})
    await one.got('subscribed')
    same.send({type: 'subscribe', filter: {where: 'seq > 1'}})
    await same.got('subscribed')
    const ask = {type: 'subscribe', filter: {text: 'word'}}
    other.send(ask)
    expect(await other.got('error')).toMatchObject({code: 'FILTER_INVALID', message: expect.stringMatching(/too many/)})
    one.send({type: 'unsubscribe'})
    await one.got('unsubscribed')
    await same.close()
    await until(async () => {
      const {length} = other.messages
      other.send(ask)
      await until(() => other.messages.length > length, 'it is answered')
      return other.messages.at(-1)?.type === 'subscribed'
    }, 'there is room again')
  })

  it('hears whether the log is heard; a plain consumer does not', async () => {
    const memory = openMemoryStore()
    let say: FollowOptions['onHealth']
    const {connect, sink, port, said} = await openScene({
      store: {
        ...memory,
        follow(filter, options) {
          say = options.onHealth
          return memory.follow(filter, options)
        },
      },
    })
    const [subscriber, plain] = [await connect(), await connect()]
    subscriber.send({type: 'subscribe'})
    await subscriber.got('subscribed')
    const health = async () => (await fetch(`http://127.0.0.1:${port}/health`)).status
    say?.({state: 'silent', reason: 'the server is away'})
    expect(await subscriber.got('health')).toEqual({type: 'health', state: 'silent'})
    expect(sink.status()).toMatchObject({state: 'paused', reason: 'the event log is not heard: the server is away'})
    expect(await health()).toBe(503)
    const {length} = subscriber.messages
    say?.({state: 'live'})
    expect(await subscriber.got('health', length)).toEqual({type: 'health', state: 'live'})
    expect(sink.status()).toMatchObject({state: 'running'})
    expect(sink.status().reason).toBeUndefined()
    expect(await health()).toBe(200)
    expect(plain.messages).toHaveLength(1)
    expect(said.filter((line) => line.includes('heard'))).toEqual([
      'warn: WebSocket: the event log is not heard: the server is away',
      'info: WebSocket: the event log is heard again',
    ])
  })

  it('that the log fails is closed with 1011, and why is for the operator only', async () => {
    const memory = openMemoryStore()
    let reads = 0
    const {store, connect, said} = await openScene({
      store: {
        ...memory,
        async *read(filter, range) {
          if (range?.limit === 512 && reads++ === 1) throw new Error('secret/path/events.db is damaged')
          yield* memory.read(filter, range)
        },
      },
    })
    await store.append(eventsUpTo(1500))
    const [client, other] = [await connect(), await connect()]
    client.send({type: 'subscribe', from: 'start'})
    expect(await client.closed).toEqual({code: 1011, reason: 'the event log cannot be read now'})
    expect(client.ids()).toEqual(ids(eventsUpTo(512)))
    expect(JSON.stringify(client.messages)).not.toContain('secret')
    expect(said.join()).toContain('secret/path/events.db is damaged')
    await store.append([event('next')])
    await other.has(1)
  })

  it('asked for again and again costs no more than the last of them', async () => {
    const memory = openMemoryStore()
    let reads = 0
    const {store, connect} = await openScene({
      limits: {reads: 1},
      store: {
        ...memory,
        async *read(filter, range) {
          if (range?.limit === 512) reads++
          yield* memory.read(filter, range)
        },
      },
    })
    await store.append(eventsUpTo(600))
    const client = await connect({path: '/?quiet'})
    for (let count = 0; count < 300; count++) client.send({type: 'subscribe', id: `${count}`, from: 'start'})
    await until(() => client.messages.some(({id}) => id === '299'), 'the last is answered')
    const {length} = client.messages
    await store.append([event('last')])
    await until(() => client.ids().at(-1) === 'last', 'it has got all')
    const last = client.messages.findIndex(({id}) => id === '299')
    expect(length).toBeGreaterThan(last)
    const got = client.messages.slice(last + 1).map(({eventId}) => eventId)
    expect(got).toEqual([...ids(eventsUpTo(600)), 'last'])
    expect(reads).toBeLessThan(310)
  })

  it('ends with unsubscribe, and then nothing comes', async () => {
    const {store, connect} = await openScene()
    const [client, other] = [await connect(), await connect()]
    client.send({type: 'unsubscribe', id: 'u'})
    expect(await client.got('unsubscribed')).toEqual({type: 'unsubscribed', id: 'u'})
    await store.append([event('e-1')])
    await other.has(1)
    client.send({type: 'ping', id: 'p'})
    expect(await client.got('pong')).toEqual({type: 'pong', id: 'p', timestamp: expect.any(String)})
    expect(client.events).toEqual([])
  })

  it('that cannot be is refused, and the one before it stays', async () => {
    const store = await openLog()
    await store.append([event('e-1')])
    const {connect} = await openScene({store})
    const client = await connect()
    const faults: Array<[object, string, RegExp]> = [
      [{from: 'yesterday'}, 'INPUT_INVALID', /"yesterday" is no position/],
      [{from: '9999999999999999'}, 'INPUT_INVALID', /after the newest event/],
      [{from: 'ack'}, 'INPUT_INVALID', /name of the client/],
      [{filter: {where: 'type =='}}, 'FILTER_INVALID', /not a CEL expression/],
      [{filter: {where: 'data.list.all(x, x > 1)'}}, 'FILTER_INVALID', /goes through a list/],
      [{filter: {agent: ['a']}}, 'FILTER_INVALID', /did you mean "agents"/],
    ]
    for (const [index, [fields, code, message]] of faults.entries()) {
      const {length} = client.messages
      client.send({type: 'subscribe', id: `f-${index}`, ...fields})
      const answer = await client.got('error', length)
      expect(answer).toEqual({type: 'error', id: `f-${index}`, code, message: expect.stringMatching(message)})
    }
    await store.append([event('e-2')])
    await client.has(1)
  })

  it('cannot find out what redaction hides by asking for it', async () => {
    const outgoing = {redaction: {...noRedaction, enabled: true, fields: ['secret']}}
    const {store, connect} = await openScene({outgoing})
    await store.append([event('e-1', {data: {secret: 'hunter2 needle'}})])
    const guesses = [
      {where: "data.secret.startsWith('h') || has(data.mark)"},
      {where: "!data.secret.startsWith('h')"},
      {text: 'needle'},
    ]
    const found: number[] = []
    for (const filter of guesses) {
      const client = await connect()
      client.send({type: 'subscribe', from: 'start', filter})
      await client.got('subscribed')
      await store.append([event(`mark-${found.length}`, {data: {secret: 'x', mark: 1, text: 'needle'}})])
      await until(() => client.ids().includes(`mark-${found.length}`), 'the mark is there')
      found.push(client.ids().filter((id) => id === 'e-1').length)
    }
    expect(found).toEqual([0, 1, 0])
  })

  it('tells where the log begins now, when it no longer reaches back to the place', async () => {
    const store = openMemoryStore()
    const {connect} = await openScene({
      store: {
        ...store,
        // As a log whose first two events were removed.
        async *read(filter, range) {
          for await (const one of store.read(filter, {...range, limit: 0})) {
            if (one.eventId > 'e-1') yield one
          }
        },
      },
    })
    await store.append(eventsUpTo(4))
    const places = await positions(store)
    const client = await connect()
    client.send({type: 'subscribe', from: places[0]})
    expect(await client.got('subscribed')).toEqual({type: 'subscribed', from: places[0], oldest: places[2]})
    expect((await client.has(2)) && client.ids()).toEqual(['e-2', 'e-3'])
  })

  it.each([
    ['embedded', openLog],
    [
      'JetStream',
      async () => {
        const server = await startNats({binary: 'current'})
        const options = {url: server.url, stream: 'log', prefix: 'log'}
        const admin = await openNatsAdmin(options)
        await admin.apply({})
        await admin.close()
        const store = await openNatsStore(options)
        afterwards(async () => {
          await store.close()
          await server.stop()
        })
        return store
      },
    ],
  ])('neither misses nor repeats an event of a log that grows, however it is read (%s)', async (name, open) => {
    const rounds = name === 'embedded' ? 15 : 4
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({min: 1, max: 120}), {minLength: 5, maxLength: 40}),
        fc.array(fc.record({after: fc.nat(1000), pauseAt: fc.nat(400), pauseMs: fc.nat(30)}), {
          minLength: 3,
          maxLength: 6,
        }),
        async (batches, readers) => {
          const store = await open()
          const limits = {bufferBytes: 200_000, waitBytes: 30_000, patienceMs: 2, reads: 2}
          const scene = await openScene({store, limits})
          const total = batches.reduce((sum, size) => sum + size, 0)
          const clients: Array<{client: Client; from: string}> = []
          let appended = 0
          for (const [index, size] of batches.entries()) {
            const content = 'x'.repeat(900)
            await store.append(Array.from({length: size}, (_, at) => event(`e-${appended + at}`, {data: {content}})))
            appended += size
            const reader = readers[index - 1]
            if (reader === undefined) continue
            const places = ['', ...(await positions(store))]
            const from = places[reader.after % places.length]!
            const client = await scene.connect()
            client.ws.on('message', () => {
              if (client.events.length !== reader.pauseAt) return
              client.ws.pause()
              setTimeout(() => client.ws.resume(), reader.pauseMs)
            })
            client.send({type: 'subscribe', from: from || 'start'})
            clients.push({client, from})
          }
          const places = ['', ...(await positions(store))]
          for (const {client, from} of clients) {
            const first = places.indexOf(from)
            await client.got('subscribed')
            await client.has(places.length - 1 - first + plainEvents(client))
            const got = client.events.slice(plainEvents(client)).map(({position}) => position)
            expect(got).toEqual(places.slice(first + 1))
            expect(client.messages.filter(({type}) => type === 'missed')).toEqual([])
          }
          expect(places.length - 1).toBe(total)
          await scene.stop()
        },
      ),
      {numRuns: rounds, seed: 20_261_121, endOnFailure: true},
    )
  })
})

/** Those that came before the subscription began. */
function plainEvents({messages}: Client): number {
  const begin = messages.findIndex(({type}) => type === 'subscribed')
  return messages.slice(0, begin).filter((message) => 'eventId' in message).length
}

describe('a client with a name', () => {
  it('goes on after what it acknowledged, across connections and restarts', async () => {
    const [store, state] = [await openLog(), await openState()]
    const first = await openScene({store, state})
    await store.append([event('before')])
    const client = await first.connect()
    client.send({type: 'subscribe', client: 'dash', from: 'ack'})
    expect(await client.got('subscribed')).toEqual({type: 'subscribed', from: await store.head(), isNew: true})
    await store.append(eventsUpTo(10))
    const events = await client.has(10)
    client.send({type: 'ack', id: 'k', position: events[3]!.position})
    expect(await client.got('acked')).toEqual({type: 'acked', id: 'k', position: events[3]!.position})
    await client.close()
    const again = await first.connect()
    again.send({type: 'subscribe', client: 'dash', from: 'ack'})
    await again.has(6)
    expect(again.ids()).toEqual(ids(eventsUpTo(10)).slice(4))
    // Saved, though the answer cannot come any more.
    again.send({type: 'ack', position: events[5]!.position})
    again.send({type: 'ack', position: events[7]!.position})
    await until(async () => (await state.cursor('websocket:dash'))?.position === events[7]!.position, 'it is saved')
    await first.stop()
    const second = await openScene({store, state})
    const third = await second.connect()
    third.send({type: 'subscribe', client: 'dash', from: 'ack'})
    expect(await third.got('subscribed')).toEqual({type: 'subscribed', from: events[7]!.position, isNew: false})
    await third.has(2)
    expect(third.ids()).toEqual(['e-8', 'e-9'])
  })

  it('of many acknowledgements keeps the last, and never goes back', async () => {
    const {store, state, connect} = await openScene()
    await store.append(eventsUpTo(500))
    const client = await connect()
    client.send({type: 'subscribe', client: 'many', from: 'start'})
    const events = await client.has(500)
    for (const {position} of events) client.send({type: 'ack', position})
    const last = events[499]!.position
    await until(
      () => client.messages.some(({type, position}) => type === 'acked' && position === last),
      'the last is saved',
    )
    expect(client.messages.filter(({type}) => type === 'acked').length).toBeLessThan(100)
    const {length} = client.messages
    client.send({type: 'ack', position: events[0]!.position})
    expect(await client.got('acked', length)).toMatchObject({position: last})
    expect((await state.cursor('websocket:many'))?.position).toBe(last)
  })

  it('cannot acknowledge what is not there, nor without a name', async () => {
    const store = await openLog()
    await store.append([event('e-1')])
    const {state, connect} = await openScene({store})
    const client = await connect()
    client.send({type: 'ack', id: 'a', position: '0000000000000001'})
    expect(await client.got('error')).toMatchObject({
      id: 'a',
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/client/),
    })
    client.send({type: 'subscribe', client: 'dash', from: 'ack'})
    await client.got('subscribed')
    const other = await connect()
    client.send({type: 'subscribe', client: 'dash', filter: {agents: ['nobody']}})
    await client.got('subscribed', client.messages.length)
    await store.append([event('e-2')])
    await other.has(1)
    // The last one exists, but this subscription has not come to it.
    for (const position of ['0000000000000009', '!', '00', 'zzz', '0000000000000002']) {
      const {length} = client.messages
      client.send({type: 'ack', id: 'b', position})
      expect(await client.got('error', length)).toMatchObject({id: 'b', code: 'INPUT_INVALID'})
    }
    expect((await state.cursor('websocket:dash'))?.position).toBe('0000000000000001')
  })

  it('keeps its place apart from others with another limited token', async () => {
    const tokens = [
      {token: 'one', agents: ['main']},
      {token: 'two', agents: ['main']},
    ]
    const {store, state, connect} = await openScene({settings: {requireAuth: true, tokens}})
    await store.append(eventsUpTo(3))
    for (const {token} of tokens) {
      const client = await connect({headers: {'x-event-plugin-token': token}})
      client.send({type: 'subscribe', client: 'dash', from: 'start'})
      const events = await client.has(3)
      if (token === 'one') client.send({type: 'ack', position: events[2]!.position})
      if (token === 'one') await client.got('acked')
    }
    const cursors = await state.cursors()
    expect(cursors.map(({reader}) => reader)).toEqual([
      expect.stringMatching(/^websocket:dash@[0-9a-f]{8}$/),
      expect.stringMatching(/^websocket:dash@[0-9a-f]{8}$/),
    ])
    expect(new Set(cursors.map(({reader}) => reader)).size).toBe(2)
  })

  it('is one of a limited number; one that was not heard of for a month gives way', async () => {
    let now = Date.now()
    const state = await openState()
    const {connect} = await openScene({state, limits: {names: 2, nameAgeMs: 1000}, now: () => now})
    const client = await connect()
    for (const name of ['one', 'two']) {
      const {length} = client.messages
      client.send({type: 'subscribe', client: name, from: 'ack'})
      await client.got('subscribed', length)
    }
    client.send({type: 'subscribe', id: 'three', client: 'three', from: 'ack'})
    expect(await client.got('error')).toMatchObject({
      id: 'three',
      message: expect.stringMatching(/there are 2 clients/),
    })
    now += 3_600_000
    const {length} = client.messages
    client.send({type: 'subscribe', client: 'three', from: 'ack'})
    await client.got('subscribed', length)
    expect((await state.cursors()).map(({reader}) => reader)).toContain('websocket:three')
    expect(await state.cursors()).toHaveLength(2)
  })
})
