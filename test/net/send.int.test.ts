import {once} from 'node:events'
import net from 'node:net'
import {afterEach, describe, expect, it} from 'vitest'
import type {Address} from '../../src/lib/net/destination.ts'
import {type HttpRequest, send} from '../../src/lib/net/send.ts'
import {startServer} from './local-server.ts'

const open: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

describe('send', () => {
  it('sends method, headers and body, and gives the whole response', async () => {
    const server = await start((_request, response) => response.writeHead(201, {'x-a': 'b'}).end('done'))
    const response = await send({
      url: `${server.url}/p?q=1`,
      method: 'PUT',
      headers: {'x-b': 'c'},
      body: 'häh',
      timeoutMs: 5000,
    })
    expect(response).toMatchObject({status: 201, body: 'done', headers: {'x-a': 'b'}})
    expect(server.requests).toMatchObject([
      {method: 'PUT', url: '/p?q=1', body: 'häh', headers: {'x-b': 'c', 'content-length': '4'}},
    ])
  })

  it('connects to the address that was checked, and asks for it once', async () => {
    const server = await start((_request, response) => response.end('ok'))
    const asked: string[] = []
    // The second answer is what a name that changes its mind would give.
    const answers: Address[][] = [[loopback], [{address: '10.255.255.1', family: 4}]]
    const resolve = async (name: string) => {
      asked.push(name)
      return answers.shift() ?? []
    }
    const response = await send({
      url: `http://changes.example:${server.port}/`,
      allowPrivate: true,
      resolve,
      timeoutMs: 5000,
    })
    expect(response.body).toBe('ok')
    expect(asked).toEqual(['changes.example'])
    expect(server.requests[0]?.headers.host).toBe(`changes.example:${server.port}`)
  })

  it.each([
    ['loopback', [loopbackOf('127.0.0.1')]],
    ['private', [loopbackOf('10.0.0.1')]],
    ['metadata', [loopbackOf('169.254.169.254')]],
    ['mapped', [loopbackOf('::ffff:127.0.0.1')]],
    ['public and loopback', [loopbackOf('93.184.216.34'), loopbackOf('127.0.0.1')]],
  ])('refuses a name that resolves to a %s address', async (_kind, addresses) => {
    const server = await start((_request, response) => response.end('secret'))
    const request = {url: `http://inside.example:${server.port}/`, resolve: async () => addresses, timeoutMs: 5000}
    await expect(send(request)).rejects.toMatchObject({
      kind: 'address',
      message: expect.stringContaining('set allowPrivate'),
    })
    expect(server.requests).toEqual([])
  })

  it('refuses localhost, which is a name, unless private names are allowed', async () => {
    const server = await start((_request, response) => response.end('ok'))
    const request = {url: `http://localhost:${server.port}/`, resolve: async () => [loopback], timeoutMs: 5000}
    await expect(send(request)).rejects.toMatchObject({kind: 'address'})
    expect(await send({...request, allowPrivate: true})).toMatchObject({status: 200})
  })

  it('does not follow a redirect', async () => {
    const server = await start((_request, response) =>
      response.writeHead(302, {location: 'http://169.254.169.254/'}).end(),
    )
    await expect(send({url: server.url, timeoutMs: 5000})).rejects.toMatchObject({kind: 'redirect'})
    expect(server.requests).toHaveLength(1)
  })

  it('gives up on a response that is too long, however it is told', async () => {
    const server = await start((_request, response) => {
      response.on('error', () => response.destroy())
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    await expect(send({url: server.url, timeoutMs: 5000, maxResponseBytes: 100_000})).rejects.toMatchObject({
      kind: 'too-large',
    })
  })

  it('gives up on a response that comes letter by letter', async () => {
    const server = await start((_request, response) => {
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    const started = performance.now()
    await expect(send({url: server.url, timeoutMs: 300})).rejects.toMatchObject({kind: 'timeout'})
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it('gives up on a server that never answers, and on a name that never resolves', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => socket.destroy()))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(send({url: `http://127.0.0.1:${port}/`, timeoutMs: 200})).rejects.toMatchObject({kind: 'timeout'})
    silent.close()
    const never: HttpRequest = {
      url: 'http://never.example/',
      resolve: () => new Promise(() => undefined),
      timeoutMs: 200,
    }
    await expect(send(never)).rejects.toMatchObject({kind: 'timeout'})
  })

  it('stops when it is told to', async () => {
    const server = await start(() => undefined)
    await expect(send({url: server.url, timeoutMs: 5000, signal: AbortSignal.timeout(50)})).rejects.toMatchObject({
      kind: 'aborted',
    })
    await expect(send({url: server.url, timeoutMs: 5000, signal: AbortSignal.abort()})).rejects.toMatchObject({
      kind: 'aborted',
    })
  })

  it('says why there is no connection, without the path and the user of the URL', async () => {
    const server = await start(() => undefined)
    await server.close()
    open.pop()
    await expect(
      send({url: `http://user:hunter2@127.0.0.1:${server.port}/services/SECRET?token=SECRET`, timeoutMs: 5000}),
    ).rejects.toThrow(`no connection to 127.0.0.1:${server.port}: connection refused`)
    const unknown = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND x'), {code: 'ENOTFOUND'})
    }
    await expect(send({url: 'http://x.example/', resolve: unknown, timeoutMs: 5000})).rejects.toThrow(
      'the name is not known',
    )
  })
})

const loopback = loopbackOf('127.0.0.1')

function loopbackOf(address: string): Address {
  return {address, family: address.includes(':') ? 6 : 4}
}

async function start(answer: Parameters<typeof startServer>[0]) {
  const server = await startServer(answer)
  open.push(() => server.close())
  return server
}
