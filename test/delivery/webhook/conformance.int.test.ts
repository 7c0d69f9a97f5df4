import {createHmac} from 'node:crypto'
import {Webhook as Standard} from 'standardwebhooks'
import {Webhook as Svix} from 'svix'
import {expect, it, vi} from 'vitest'
import {createEventSigner} from '../../../src/lib/delivery/event-signature.ts'
import type {ClawEvent} from '../../../src/lib/event/envelope.ts'
import {makeEvent} from '../../../src/lib/event/make.ts'
import type {LocalServer} from '../../net/local-server.ts'
import {openBench} from '../fixtures.ts'
import {notes, sinkFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const [oldSecret, newSecret, otherSecret] = [24, 32, 64].map(
  (length) => `whsec_${Buffer.alloc(length, length).toString('base64')}`,
) as [string, string, string]
const patience = {timeout: 10_000, interval: 5}

type Request = LocalServer['requests'][number]

/** Every event of the log as it was delivered to an endpoint. */
async function delivered(endpoint: object, events: readonly ClawEvent[], input = {}): Promise<Request[]> {
  const bench = await openBench()
  const receiver = await startReceiver((_id, count) => (count === 1 ? 200 : 500))
  await bench.store.append(events)
  const {stop} = bench.start(await sinkFor(receiver.url, endpoint, input))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(events.length), patience)
  await stop()
  return receiver.requests
}

const hard = [
  makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {text: 'häh? 🦀 \u2028 "quotes" \\ </script>'}}),
  makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {text: '\ud800 alone'}}),
  makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {large: 'x'.repeat(2_000_000)}}),
  makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {1e21: 1e21, small: 1e-7, nested: [[[{}]]]}}),
  makeEvent({type: 'note.added', agentId: 'main', source: 'import', eventId: 'with.dots and spaces', data: {}}),
  ...notes(50),
]

function headersOf({headers}: Request): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

it('every delivery verifies with the libraries of Standard Webhooks and Svix', async () => {
  const requests = await delivered({secret: newSecret}, hard)
  for (const request of requests) {
    const parsed = new Standard(newSecret).verify(request.body, headersOf(request))
    expect(parsed).toEqual(JSON.parse(request.body))
    new Svix(newSecret).verify(request.body, headersOf(request))
    expect(() => new Svix(otherSecret).verify(request.body, headersOf(request))).toThrow('No matching signature')
    expect(() => new Standard(otherSecret).verify(request.body, headersOf(request))).toThrow('No matching signature')
    expect(() => new Standard(newSecret).verify(`${request.body} `, headersOf(request))).toThrow(
      'No matching signature',
    )
  }
})

it('while secrets are changed, a delivery verifies with each of them', async () => {
  const requests = await delivered({secret: [newSecret, oldSecret]}, notes(5))
  for (const request of requests) {
    expect(String(request.headers['webhook-signature']).split(' ')).toHaveLength(2)
    for (const secret of [newSecret, oldSecret]) {
      expect(new Standard(secret).verify(request.body, headersOf(request))).toBeDefined()
      new Svix(secret).verify(request.body, headersOf(request))
    }
    expect(() => new Standard(otherSecret).verify(request.body, headersOf(request))).toThrow('No matching signature')
  }
})

it('a body of type and time only is signed, too, and says nothing else', async () => {
  const events = [makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {text: 'private'}})]
  const signEvent = createEventSigner({secret: 's', algorithm: 'sha256', now: Date.now})
  const [request] = await delivered({secret: newSecret, includeFullPayload: false}, events, {parts: {signEvent}})
  expect(JSON.parse(request!.body)).toEqual({type: 'note.added', timestamp: events[0]!.timestamp})
  expect(new Standard(newSecret).verify(request!.body, headersOf(request!))).toBeDefined()
  expect(request!.headers['webhook-id']).toBe(events[0]!.eventId)
})

it('a retry has the same id, a new time and a signature that verifies', async () => {
  const bench = await openBench()
  const receiver = await startReceiver((_id, count) => (count < 3 ? 500 : 200))
  let ahead = 0
  const now = () => {
    ahead += 200
    return Date.now() + ahead
  }
  await bench.store.append(notes(1))
  const {stop} = bench.start(await sinkFor(receiver.url, {secret: newSecret}), {now})
  await vi.waitFor(() => expect(receiver.taken).toEqual(['n0']), patience)
  await stop()
  expect(new Set(receiver.requests.map(({headers}) => headers['webhook-id']))).toEqual(new Set(['n0']))
  expect(new Set(receiver.requests.map(({headers}) => headers['webhook-timestamp'])).size).toBeGreaterThan(1)
  for (const request of receiver.requests) new Standard(newSecret).verify(request.body, headersOf(request))
})

it.each(['sha256', 'sha512'] as const)(
  'the signature inside an event verifies as received, with %s',
  async (algorithm) => {
    const signEvent = createEventSigner({secret: 'shared secret', algorithm, now: Date.now})
    const requests = await delivered({}, hard, {parts: {signEvent}})
    for (const {body} of requests) {
      const {signature, ...payload} = JSON.parse(body)
      expect(signature).toMatchObject({version: 'v1', algorithm})
      const signed = JSON.stringify({timestamp: signature.timestamp, nonce: signature.nonce, payload})
      expect(createHmac(algorithm, 'shared secret').update(signed).digest('hex')).toBe(signature.value)
    }
    expect(new Set(requests.map(({body}) => JSON.parse(body).signature.nonce)).size).toBe(requests.length)
  },
)

it('says who it is and what it carries, as configured', async () => {
  const endpoint = {
    method: 'PUT',
    authToken: 'token-1',
    headers: {'X-Team': 'ops', 'user-agent': 'mine/1', Authorization: 'Basic abc', 'Webhook-Id': 'forged'},
  }
  const config = {correlationIdHeader: 'X-Trace'}
  const event = makeEvent({type: 'note.added', agentId: 'main', source: 'cli', correlationId: 'c-1', data: {}})
  const [request] = await delivered(endpoint, [event], {config})
  expect(request).toMatchObject({
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'mine/1',
      'x-team': 'ops',
      authorization: 'Bearer token-1',
      'webhook-id': event.eventId,
      'x-trace': 'c-1',
    },
  })
  expect(request!.headers['webhook-signature']).toBeUndefined()
  expect(Number(request!.headers['webhook-timestamp'])).toBeGreaterThan(Date.now() / 1000 - 60)
  expect(JSON.parse(request!.body)).toMatchObject({
    ...event,
    position: expect.any(String),
    storedAt: expect.any(String),
  })
})

it('logs in with the user and password of the URL', async () => {
  const bench = await openBench()
  const receiver = await startReceiver()
  await bench.store.append(notes(1))
  const {stop} = bench.start(await sinkFor(receiver.url.replace('//', '//ada:p%40ss@')))
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(1), patience)
  await stop()
  const login = Buffer.from('ada:p@ss').toString('base64')
  expect(receiver.requests[0]!.headers.authorization).toBe(`Basic ${login}`)
})
