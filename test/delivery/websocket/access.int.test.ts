import {once} from 'node:events'
import http from 'node:http'
import net from 'node:net'
import {describe, expect, it} from 'vitest'
import {event} from '../../contracts/event-store/events.ts'
import {type ClientOptions, connect, handshake} from './client.ts'
import {afterwards, openScene, until} from './scene.ts'

const settings = {
  requireAuth: true,
  authToken: 'the-secret',
  tokens: [{token: 'only-a', agents: ['a'], types: ['tool.*']}],
}
const tokenProtocol = (token: string) => `claw-events.token.${Buffer.from(token).toString('base64url')}`

describe('before the upgrade', () => {
  it('nobody gets a 101 without a token that is known, wherever it is put', async () => {
    const {port, sink} = await openScene({settings})
    for (const token of ['wrong-one', 'the-secre', '']) {
      const tries: ClientOptions[] = [
        {headers: {'x-event-plugin-token': token}},
        {headers: {authorization: `Bearer ${token}`}},
        {protocols: ['claw-events', tokenProtocol(token)]},
        {path: `/?token=${token}`},
        {},
      ]
      for (const options of tries) {
        const {status, headers, body} = await handshake(port, options)
        expect(status).toBe(401)
        expect(headers['www-authenticate']).toBe('Bearer realm="claw-events"')
        expect(body).not.toContain(token || 'the-secret')
      }
    }
    expect(sink.status().details).toMatchObject({clients: 0, refused: 15})
  })

  it('a known token lets in, wherever it is put', async () => {
    const {connect} = await openScene({settings})
    const ways: ClientOptions[] = [
      {headers: {'x-event-plugin-token': 'the-secret'}},
      {headers: {authorization: 'bearer the-secret'}},
      {protocols: ['claw-events', tokenProtocol('the-secret')]},
      {path: '/?token=the-secret'},
    ]
    for (const options of ways) {
      const client = await connect(options)
      expect(client.messages[0]).toMatchObject({type: 'welcome'})
      await client.close()
    }
  })

  it('agrees on a protocol, and does not repeat the token', async () => {
    const {port, connect} = await openScene({settings})
    const carrier = tokenProtocol('the-secret')
    expect((await connect({protocols: ['claw-events', carrier]})).ws.protocol).toBe('claw-events')
    expect((await connect({protocols: [carrier, 'claw-events']})).ws.protocol).toBe('claw-events')
    expect((await connect({protocols: [carrier, 'json']})).ws.protocol).toBe('json')
    // A client that offers nothing else would not take an answer without it.
    expect((await connect({protocols: [carrier]})).ws.protocol).toBe(carrier)
    const {status, headers} = await handshake(port, {headers: {'x-event-plugin-token': 'the-secret'}})
    expect([status, headers['sec-websocket-protocol']]).toEqual([101, undefined])
  })

  it.each([
    ['a foreign Origin', {headers: {origin: 'https://evil.example'}}, 403],
    [
      'a page whose name was made to lead here',
      {headers: {host: 'evil.example:9011', origin: 'http://evil.example:9011'}},
      403,
    ],
    ['the same without Origin', {headers: {host: 'evil.example:9011'}}, 403],
    ['a page from a file', {headers: {origin: 'null'}}, 403],
    ['an Origin that is none', {headers: {origin: 'http://a, https://b'}}, 403],
    ['another path', {path: '/events'}, 404],
    ['a proxy in between', {headers: {'x-forwarded-for': '203.0.113.9'}}, 401],
    ['a page of this machine', {headers: {origin: 'http://localhost:5173'}}, 101],
    ['a program of this machine', {}, 101],
  ])('%s', async (_, options, status) => {
    const {port} = await openScene()
    expect((await handshake(port, options)).status).toBe(status)
  })

  it('an address that is not listed gets nothing, not even the health', async () => {
    const {port} = await openScene({settings: {allowedIps: ['10.0.0.0/8'], authToken: 'the-secret'}})
    expect((await handshake(port, {headers: {'x-event-plugin-token': 'the-secret'}})).status).toBe(403)
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(403)
  })

  it('IPv4 clients of an IPv6 socket are known by their IPv4 address', async () => {
    const {port} = await openScene({settings: {...settings, bindAddress: '::', allowedIps: ['127.0.0.0/8']}})
    const headers = {'x-event-plugin-token': 'the-secret'}
    expect((await handshake(port, {headers})).status).toBe(101)
    expect((await handshake(port, {headers, host: '::1'})).status).toBe(403)
  })

  it('the operator is told of refusals, without tokens, and not of each', async () => {
    const {port, said} = await openScene({settings})
    for (let count = 0; count < 20; count++) await handshake(port, {path: '/?token=a-wrong-secret'})
    expect(said.filter((line) => line.startsWith('warn'))).toEqual([
      'warn: WebSocket: refused a connection from 127.0.0.1 with 401: the token is wrong',
    ])
    expect(said.join()).not.toContain('a-wrong-secret')
  })

  it('what is no WebSocket gets an ordinary answer', async () => {
    const {port} = await openScene({settings})
    const url = `http://127.0.0.1:${port}`
    const root = await fetch(url)
    expect([root.status, await root.json()]).toEqual([426, {status: 'ok', error: expect.stringContaining('ws://')}])
    const health = await fetch(`${url}/health`)
    expect([health.status, await health.json()]).toEqual([200, {status: 'ok'}])
    expect((await fetch(`${url}/status`)).status).toBe(404)
    expect((await fetch(url, {method: 'POST', body: 'x'.repeat(1_000_000)}).catch(() => ({status: 426}))).status).toBe(
      426,
    )
    const h2c = await new Promise<number | undefined>((resolve) => {
      const headers = {connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk'}
      http.get(`${url}/health`, {headers}, (response) => resolve(response.resume().statusCode))
    })
    expect(h2c).toBe(200)
  })

  it('one client too many gets 503, and a place when another leaves', async () => {
    const {port, connect, sink} = await openScene({limits: {clients: 2}})
    const [first] = [await connect(), await connect()]
    const {status, headers} = await handshake(port)
    expect([status, headers['retry-after']]).toEqual([503, '5'])
    await first.close()
    await until(() => sink.status().details?.['clients'] === 1, 'a place is free')
    await connect()
  })
})

describe('a limited token', () => {
  it('shows only its agents and types, live, filtered, and from the log', async () => {
    const {store, connect} = await openScene({settings})
    const mixed = (from: number) =>
      Array.from({length: 8}, (_, index) =>
        event(`e-${from + index}`, {
          agentId: index % 2 ? 'a' : 'b',
          type: index % 4 < 2 ? 'tool.called' : 'message.sent',
        }),
      )
    await store.append(mixed(0))
    const headers = {'x-event-plugin-token': 'only-a'}
    const [plain, whole, wider] = [await connect({headers}), await connect({headers}), await connect({headers})]
    whole.send({type: 'subscribe', from: 'start'})
    wider.send({type: 'subscribe', from: 'start', filter: {types: ['*'], text: 'text'}})
    expect(await whole.got('subscribed')).toMatchObject({limitedTo: {agents: ['a'], types: ['tool.*']}})
    await store.append(mixed(8))
    expect((await plain.has(2)) && plain.ids()).toEqual(['e-9', 'e-13'])
    expect((await whole.has(4)) && whole.ids()).toEqual(['e-1', 'e-5', 'e-9', 'e-13'])
    expect((await wider.has(4)) && wider.ids()).toEqual(['e-1', 'e-5', 'e-9', 'e-13'])
    plain.send({type: 'subscribe', id: 'x', filter: {agents: ['a', 'b']}})
    expect(await plain.got('error')).toMatchObject({
      id: 'x',
      code: 'INPUT_INVALID',
      message: expect.stringContaining('"b"'),
    })
  })
})

describe('what takes without giving', () => {
  it('a message that is too long ends its client, and only it', async () => {
    const {store, connect} = await openScene()
    const [greedy, other] = [await connect(), await connect()]
    greedy.ws.send(`{"type":"ping","id":"${'x'.repeat(70_000)}"}`)
    expect((await greedy.closed).code).toBe(1009)
    await store.append([event('e-1')])
    await other.has(1)
  })

  it('frames against the protocol end their client', async () => {
    const {port, sink} = await openScene()
    const raw = [
      // Not masked; a reserved opcode; a length of 2^62; a control frame in pieces; no UTF-8.
      Buffer.from([0x81, 0x01, 0x61]),
      Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
      Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from([0x09, 0x80, 0, 0, 0, 0]),
      Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]),
    ]
    for (const bytes of raw) {
      const {ws, closed} = await connect(port)
      const {_socket: socket} = ws as unknown as {_socket: net.Socket}
      socket.write(bytes)
      await closed
    }
    await until(() => sink.status().details?.['clients'] === 0, 'all are gone')
  })

  it('a handshake that comes a byte at a time does not last', async () => {
    const {port} = await openScene({limits: {handshakeMs: 300}})
    const start = performance.now()
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined)
    afterwards(() => socket.destroy())
    const head = 'GET / HTTP/1.1\r\nHost: localhost\r\nX: '
    let sent = 0
    const timer = setInterval(() => socket.write(head[sent++] ?? 'x'), 10)
    afterwards(() => clearInterval(timer))
    await once(socket, 'close')
    expect(performance.now() - start).toBeLessThan(3000)
  })

  it('a refused caller that takes no answer does not last either', async () => {
    const {port} = await openScene({settings, limits: {handshakeMs: 300}})
    const socket = net.connect({port, host: '127.0.0.1', allowHalfOpen: true}).on('error', () => undefined)
    afterwards(() => socket.destroy())
    let isGone = false
    socket.on('close', () => {
      isGone = true
    })
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    await until(() => {
      socket.write('x')
      return isGone
    }, 'it is gone')
  })

  it('1 000 connections that say nothing keep nobody out, and go', async () => {
    const {port, connect, store} = await openScene({limits: {handshakeMs: 1500}})
    const idle: net.Socket[] = []
    afterwards(() => {
      for (const socket of idle) socket.destroy()
    })
    let gone = 0
    const opened = Array.from({length: 1000}, async () => {
      const socket = net.connect(port, '127.0.0.1')
      idle.push(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => gone++)
      await once(socket, 'connect')
    })
    await Promise.all(opened)
    const start = performance.now()
    const client = await connect()
    expect(performance.now() - start).toBeLessThan(1000)
    await store.append([event('e-1')])
    await client.has(1)
    await until(() => gone === 1000, 'all 1 000 are gone')
    expect(client.ws.readyState).toBe(client.ws.OPEN)
  })

  it('1 000 connected clients that say nothing all get an event', async () => {
    const {store, port, sink} = await openScene()
    const clients = []
    for (let part = 0; part < 20; part++) {
      clients.push(...(await Promise.all(Array.from({length: 50}, () => connect(port)))))
    }
    expect(sink.status().details?.['clients']).toBe(1000)
    expect((await handshake(port)).status).toBe(503)
    await store.append([event('e-1')])
    await Promise.all(clients.map((client) => client.has(1)))
  })

  it('a client that answers no ping is dropped; one that does stays', async () => {
    const {connect, sink} = await openScene({limits: {pingMs: 100}})
    const [deaf, alive] = [await connect(), await connect()]
    deaf.ws.pause()
    let pings = 0
    alive.ws.on('ping', () => pings++)
    await until(() => sink.status().details?.['clients'] === 1, 'the deaf one is dropped')
    const before = pings
    await until(() => pings > before + 3, 'the other one is asked on')
    expect(alive.ws.readyState).toBe(alive.ws.OPEN)
  })
})
