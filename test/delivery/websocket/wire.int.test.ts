import {createHmac} from 'node:crypto'
import {once} from 'node:events'
import {describe, expect, it} from 'vitest'
import {createEventSigner, type EventSignature} from '../../../src/lib/delivery/event-signature.ts'
import type {StoredEvent} from '../../../src/lib/event/envelope.ts'
import {event, eventsUpTo} from '../../contracts/event-store/events.ts'
import {connect} from './client.ts'
import {afterwards, noRedaction, openScene, until} from './scene.ts'

describe('what a plain consumer gets', () => {
  it('is a greeting as S3 has it, then one envelope a frame, with its place in the log', async () => {
    const {store, connect} = await openScene()
    await store.append([event('before')])
    const client = await connect()
    await store.append([event('e-1'), event('e-2')])
    const [first, second] = await client.has(2)
    expect(client.messages[0]).toEqual({
      type: 'welcome',
      message: 'Connected to OpenClaw Event Server broadcast',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect(first).toEqual({...event('e-1'), position: expect.any(String), storedAt: expect.any(String)})
    expect(second!.position > first!.position).toBe(true)
    expect(client.ids()).toEqual(['e-1', 'e-2'])
  })

  it('is text, whatever its length, to the byte', async () => {
    const {store, connect} = await openScene()
    const client = await connect()
    const binary: boolean[] = []
    client.ws.on('message', (_, isBinary) => binary.push(isBinary))
    // Lengths around where the frame's length is written in another way, with characters of one to four bytes.
    const texts = [0, 80, 100, 120, 65_100, 65_300, 200_000].map((length) =>
      '\u00e9€😀a'.repeat(length / 10).padEnd(length),
    )
    const events = texts.map((content, index) => event(`e-${index}`, {data: {content}}))
    await store.append(events)
    expect((await client.has(events.length)).map(({data}) => data['content'])).toEqual(texts)
    expect(binary).toEqual(texts.map(() => false))
  })

  it("is what Node's own WebSocket client gets, too", async () => {
    const {store, url} = await openScene()
    const client = new WebSocket(url)
    afterwards(() => client.close())
    const got: string[] = []
    client.addEventListener('message', ({data}) => got.push(JSON.parse(data).eventId ?? JSON.parse(data).type))
    await until(() => got.length === 1, 'the welcome is there')
    await store.append(eventsUpTo(300))
    await until(() => got.length === 301, 'all events are there')
    expect(got).toEqual(['welcome', ...eventsUpTo(300).map(({eventId}) => eventId)])
  })

  it('goes on whatever it says that is none of our messages', async () => {
    const {store, connect} = await openScene()
    const client = await connect()
    for (const text of ['ping', '', '[]', '{}', '"x"', 'null', '{"kind":"subscribe"}', '{"type":7}']) client.send(text)
    client.ws.send(Buffer.from('{"type":"nonsense"}'), {binary: true})
    client.ws.ping()
    await once(client.ws, 'pong')
    await store.append([event('e-1')])
    await client.has(1)
    expect(client.messages.map(({type}) => type)).toEqual(['welcome', 'message.received'])
  })

  it('is signed inside, and verifies as it was received', async () => {
    const sign = createEventSigner({secret: 'the secret', algorithm: 'sha256', now: Date.now})
    const {store, connect} = await openScene({finish: sign})
    const client = await connect()
    const raw: string[] = []
    client.ws.on('message', (data) => raw.push(data.toString()))
    await store.append([event('e-1', {data: {content: 'é', nested: {list: [1, 2.5, null]}}})])
    await client.has(1)
    const {signature, ...payload} = JSON.parse(raw[0]!) as StoredEvent & {signature: EventSignature}
    const {timestamp, nonce, value} = signature
    const wanted = createHmac('sha256', 'the secret').update(JSON.stringify({timestamp, nonce, payload})).digest('hex')
    expect(value).toBe(wanted)
    expect(payload.position).toBeTypeOf('string')
    expect(payload).not.toHaveProperty('broadcastAt')
  })

  it('is redacted, and neither confidential nor filtered out', async () => {
    const outgoing = {
      filters: {includeTypes: ['message.*', 'tool.*'], excludeTypes: ['tool.completed']},
      redaction: {...noRedaction, enabled: true, fields: ['content']},
    }
    const {store, connect} = await openScene({outgoing})
    const client = await connect()
    await store.append([
      event('hidden', {visibility: 'confidential'}),
      event('other', {type: 'gateway.start'}),
      event('done', {type: 'tool.completed'}),
      event('shown', {data: {content: 'a secret', token: 'ghp_0123456789abcdefghijklmnopqrstuvwxyz'}}),
    ])
    await client.has(1)
    expect(client.events).toMatchObject([{eventId: 'shown', data: {content: '[REDACTED]', token: '[REDACTED]'}}])
  })
})

describe('an event that cannot be sent', () => {
  it('is counted and said, and the others are sent', async () => {
    const finish = (stored: StoredEvent) => {
      if (stored.eventId === 'bad') throw new Error('no signature today')
      return stored
    }
    const {store, connect, sink, said} = await openScene({finish})
    const client = await connect()
    await store.append([event('e-1'), event('bad'), event('e-2')])
    await client.has(2)
    expect(client.ids()).toEqual(['e-1', 'e-2'])
    expect(sink.status().failed).toBe(1)
    expect(said.filter((line) => line.startsWith('error'))).toEqual([
      'error: WebSocket: event bad could not be sent (1 so far): no signature today',
    ])
  })
})

describe('the status', () => {
  it('tells the address, the clients and what was sent', async () => {
    const {store, connect, sink, said} = await openScene()
    expect(sink.status()).toMatchObject({reader: 'websocket', state: 'running', delivered: 0, details: {clients: 0}})
    const [one, two] = [await connect(), await connect()]
    await store.append([event('e-1')])
    await Promise.all([one.has(1), two.has(1)])
    const {port} = sink.status().details as {port: number}
    expect(sink.status()).toEqual({
      reader: 'websocket',
      state: 'running',
      position: one.events[0]!.position,
      delivered: 2,
      failed: 0,
      waiting: 0,
      details: {url: `ws://127.0.0.1:${port}/`, port, clients: 2, missed: 0, refused: 0},
    })
    expect(said).toContain(`info: WebSocket: listening on ws://127.0.0.1:${port}/`)
    await one.close()
    await until(() => sink.status().details?.['clients'] === 1, 'one client is left')
  })
})

describe('when the sink is stopped', () => {
  it('clients get what was stored before, and close code 1001; then the port is free', async () => {
    const scene = await openScene()
    const {store, port} = scene
    const clients = [await scene.connect(), await scene.connect()]
    await store.append(eventsUpTo(50))
    await Promise.all(clients.map((client) => client.has(50)))
    const start = performance.now()
    await scene.stop()
    expect(performance.now() - start).toBeLessThan(900)
    for (const client of clients) expect(await client.closed).toEqual({code: 1001, reason: 'the server stops'})
    expect(scene.sink.status()).toMatchObject({state: 'stopped', details: {clients: 0}})
    const again = await openScene({settings: {ports: [port]}})
    expect(again.port).toBe(port)
    await connect(port)
  })

  it('a client that takes nothing delays it by the time it is given, no longer', async () => {
    const scene = await openScene({limits: {stopMs: 300}})
    const client = await scene.connect()
    client.ws.pause()
    const start = performance.now()
    await scene.stop()
    expect(performance.now() - start).toBeLessThan(1500)
  })
})

describe('when the log ends or is replaced', () => {
  it('the sink fails, its clients are told to come again, and the port is free', async () => {
    const scene = await openScene()
    const {port} = scene
    const client = await scene.connect()
    await scene.store.close()
    await expect(scene.ended).rejects.toThrow('the event log ended')
    expect(await client.closed).toEqual({code: 1012, reason: 'the server is restarted'})
    expect(scene.sink.status()).toMatchObject({state: 'failed', reason: 'the event log ended'})
    await openScene({settings: {ports: [port]}})
  })
})
