import {afterEach, describe, expect, it} from 'vitest'
import {createActionRunner} from '../../src/lib/actions/runner.ts'
import type {ActionConfig} from '../../src/lib/guard/schema.ts'
import {type LocalServer, startServer} from '../net/local-server.ts'

const payload = {ruleId: 'r1', event: {type: 'tool.called', agentId: 'main'}}
const run = createActionRunner({
  allowedActionDirs: [],
  localScriptDefaults: {timeoutMs: 10_000, maxPayloadBytes: 1024},
  stateDir: '/',
  environment: {},
})

let server: LocalServer
afterEach(() => server.close())

describe('a webhook action', () => {
  it.each(['POST', 'PUT', 'PATCH'] as const)(
    'sends the rule and the event by %s; the body that comes back is the output',
    async (method) => {
      server = await startServer((_request, response) => response.end('{"block":true}'))
      expect(await run(webhook({method, headers: {'X-A': 'b'}, authToken: 'tok'}), payload)).toEqual({
        ok: true,
        output: '{"block":true}',
      })
      expect(server.requests).toMatchObject([
        {
          method,
          headers: {'content-type': 'application/json', authorization: 'Bearer tok', 'x-a': 'b'},
          body: JSON.stringify(payload),
        },
      ])
    },
  )

  it('posts unless told otherwise, and a header of the configuration takes the place of ours', async () => {
    server = await startServer((_request, response) => response.end())
    expect(await run(webhook({headers: {'Content-Type': 'application/cloudevents+json'}}), payload)).toEqual({
      ok: true,
      output: '',
    })
    expect(server.requests).toMatchObject([{method: 'POST', headers: {'content-type': 'application/cloudevents+json'}}])
  })

  it.each([
    [403, 'status'],
    [500, 'status'],
    [304, 'status'],
  ])('fails on status %i, whatever the body says', async (status, kind) => {
    server = await startServer((_request, response) =>
      response.writeHead(status).end(status === 304 ? undefined : '{"block":false}'),
    )
    expect(await run(webhook(), payload)).toEqual({
      ok: false,
      kind,
      message: `Webhook action failed with status ${status}`,
    })
  })

  it('fails on a redirect, without following it', async () => {
    server = await startServer((_request, response) => response.writeHead(307, {location: '/elsewhere'}).end())
    expect(await run(webhook(), payload)).toMatchObject({ok: false, kind: 'redirect'})
    expect(server.requests).toHaveLength(1)
  })

  it('fails when nobody listens, when the answer is late, too long or stopped', async () => {
    server = await startServer((request, response) => {
      if (request.url === '/long') response.end('x'.repeat(1_100_000))
    })
    expect(await run(webhook({url: 'http://127.0.0.1:1/x'}), payload)).toEqual({
      ok: false,
      kind: 'connection',
      message: 'Webhook action failed: no connection to 127.0.0.1:1: connection refused',
    })
    expect(await run(webhook({timeoutMs: 100}), payload)).toMatchObject({ok: false, kind: 'timeout'})
    expect(await run(webhook({url: `${server.url}/long`}), payload)).toMatchObject({ok: false, kind: 'output'})
    expect(await run(webhook(), payload, {signal: AbortSignal.timeout(50)})).toMatchObject({ok: false, kind: 'aborted'})
  })

  it('refuses a name that leads into the own network and odd spellings of such an address', async () => {
    server = await startServer((_request, response) => response.end('{"block":false}'))
    for (const host of ['localhost', '2130706433', '0177.0.0.1', '[::ffff:127.0.0.1]', '0.0.0.0']) {
      const url = `http://${host}:${server.port}/`
      expect(await run(webhook({url}), payload), url).toMatchObject({ok: false, kind: 'address'})
    }
    expect(await run(webhook({url: 'http://169.254.169.254/latest'}), payload)).toMatchObject({
      ok: false,
      kind: 'address',
    })
    expect(server.requests).toEqual([])
    expect(await run(webhook({url: `http://localhost:${server.port}/`, allowPrivate: true}), payload)).toMatchObject({
      ok: true,
    })
  })

  it('keeps to its own payload limit, and not to that of scripts', async () => {
    server = await startServer((_request, response) => response.end())
    const big = {ruleId: 'r1', event: {text: 'x'.repeat(2000)}}
    expect(await run(webhook(), big)).toMatchObject({ok: true})
    expect(await run(webhook({maxPayloadBytes: 1000}), big)).toEqual({
      ok: false,
      kind: 'payload',
      message: 'Webhook payload exceeds maxPayloadBytes (2035 > 1000)',
    })
  })

  it('never shows the path of its URL or its headers, which may be secrets', async () => {
    server = await startServer((_request, response) => response.end())
    const outcomes = [
      await run(webhook({url: 'http://127.0.0.1:1/services/T00/HUNTER2?token=HUNTER2', authToken: 'HUNTER2'}), payload),
      await run(webhook({headers: {'x-secret': 'HUNTER2\n'}}), payload),
    ]
    expect(JSON.stringify(outcomes)).not.toContain('HUNTER2')
    expect(outcomes.map(({ok}) => ok)).toEqual([false, false])
  })
})

function webhook(options: Partial<Extract<ActionConfig, {type: 'webhook'}>> = {}): ActionConfig {
  return {type: 'webhook', url: `${server.url}/hook`, timeoutMs: 5000, ...options}
}
