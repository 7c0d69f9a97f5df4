import {readdirSync, readFileSync, statSync} from 'node:fs'
import path from 'node:path'
import {expect, it, vi} from 'vitest'
import {createEventSigner} from '../../../src/lib/delivery/event-signature.ts'
import {makeEvent} from '../../../src/lib/event/make.ts'
import {openBench} from '../fixtures.ts'
import {sinksFor} from './endpoints.ts'
import {startReceiver} from './receiver.ts'

const patience = {timeout: 10_000, interval: 5}
/** Never to be seen anywhere but in the log itself, which holds events as they came. */
const canaries = {
  key: 'sk-ant-api03-CANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARY-AAAA',
  password: 'canary-password-1',
  token: 'canary-token-2',
  urlPath: 'canary-path-3',
  urlQuery: 'canary-query-4',
  header: 'canary-header-5',
  bearer: 'canary-bearer-6',
  hmac: 'canary-hmac-7',
  login: 'canary-login-8',
}
const signing = `whsec_${Buffer.from('canary-signing-secret-9-canary').toString('base64')}`

it('shows no secret in dead letters, diagnostics, status, the state file or what is delivered', async () => {
  const bench = await openBench()
  const answers = await Promise.all([200, 400, 500, 302].map((status) => startReceiver(() => status)))
  const down = await startReceiver()
  await down.close()
  const webhooks = [...answers, down].map(({port}, index) => ({
    url: `http://ada:${canaries.login}@127.0.0.1:${port}/${canaries.urlPath}?key=${canaries.urlQuery}`,
    name: `e${index}`,
    headers: {'x-key': canaries.header},
    authToken: canaries.bearer,
    secret: signing,
  }))
  webhooks.push({...webhooks[0]!, name: 'refused', url: `http://169.254.169.254/${canaries.urlPath}`})
  webhooks.push({...webhooks[0]!, name: 'unknown', url: `http://nowhere.example/${canaries.urlPath}`})
  const sinks = await sinksFor({
    webhooks,
    config: {redaction: {enabled: true}, logging: {debug: true, logSuccess: true, logErrors: true, logQueue: true}},
    parts: {
      signEvent: createEventSigner({secret: canaries.hmac, algorithm: 'sha256', now: Date.now}),
      resolve: async () => [{address: '10.0.0.1', family: 4}],
    },
  })
  await bench.store.append(
    Array.from({length: 30}, (_, n) =>
      makeEvent({
        type: 'tool.called',
        agentId: 'main',
        source: 'cli',
        data: {
          n,
          toolName: 'exec',
          params: {command: `curl -H 'Authorization: Bearer ${canaries.token}' https://example.com`},
          note: `the key is ${canaries.key}`,
          deep: {er: [{password: canaries.password}]},
        },
        error: {message: `failed with ${canaries.key}`},
      }),
    ),
  )
  const runs = sinks.map((sink) => bench.start(sink))
  await vi.waitFor(
    () =>
      expect(sinks.map((sink) => sink.status().state)).toEqual([
        'running',
        'paused',
        'paused',
        'paused',
        'paused',
        'failed',
        'paused',
      ]),
    patience,
  )
  await vi.waitFor(() => expect(answers[0]!.taken).toHaveLength(30), patience)
  await vi.waitFor(
    async () => expect((await bench.state.countDeliveries('webhook:e1')).dead).toBeGreaterThan(10),
    patience,
  )
  const statuses = sinks.map((sink) => sink.status())
  await Promise.all(runs.map(({stop}) => stop()))
  const letters = await bench.state.deliveries({})
  expect(letters.length).toBeGreaterThan(20)

  const files = readdirSync(bench.folder).filter((name) => name.startsWith('state'))
  expect(files).toContain('state.db')
  for (const name of files) expect(statSync(path.join(bench.folder, name)).mode & 0o077, name).toBe(0)
  const seen = {
    letters: JSON.stringify(letters),
    diagnostics: bench.said.join('\n'),
    statuses: JSON.stringify(statuses),
    cursors: JSON.stringify(await bench.state.cursors()),
    file: files.map((name) => readFileSync(path.join(bench.folder, name), 'latin1')).join(''),
    delivered: answers[0]!.requests.map(({body}) => body).join('\n'),
  }
  for (const [place, text] of Object.entries(seen)) {
    expect(text.length, place).toBeGreaterThan(100)
    for (const [name, canary] of Object.entries({...canaries, signing, raw: 'canary-signing'})) {
      expect(text.includes(canary), `${name} in ${place}`).toBe(false)
    }
  }
  // And the log still has the events as they were.
  for await (const {data} of bench.store.read({}, {limit: 1})) expect(data['note']).toContain(canaries.key)
})

it('redacts what was put into the state store before redaction was switched on', async () => {
  const bench = await openBench()
  const receiver = await startReceiver(() => 400)
  const event = makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {password: canaries.password}})
  await bench.store.append([event])
  const [open] = await sinksFor({webhooks: [{url: receiver.url, name: 'test'}]})
  const first = bench.start(open!)
  const count = async () => bench.state.countDeliveries('webhook:test')
  await vi.waitFor(async () => expect((await count()).dead).toBe(1), patience)
  await first.stop()
  expect(receiver.requests[0]!.body).toContain(canaries.password)
  await bench.state.retryDead('webhook:test')
  receiver.behave(() => 200)
  const [closed] = await sinksFor({webhooks: [{url: receiver.url, name: 'test'}], config: {redaction: {enabled: true}}})
  const second = bench.start(closed!)
  await vi.waitFor(() => expect(receiver.taken).toHaveLength(1), patience)
  await second.stop()
  expect(receiver.requests[1]!.body).not.toContain(canaries.password)
})
