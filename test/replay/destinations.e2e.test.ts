import {chmodSync, cpSync, existsSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {Webhook} from 'standardwebhooks'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {startReceiver} from '../delivery/webhook/receiver.ts'
import {linesOf, type Sandbox, sandbox} from '../run-bin.ts'

let box: Sandbox
let log: string
beforeEach(() => {
  box = sandbox()
  log = path.join(box.folder, 'events.db')
})
afterEach(() => box.remove())

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const note = (text: string, more: Omit<Partial<ClawEvent>, 'source'> = {}) =>
  makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {text}, ...more})
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 20, 12, 0, seconds)).toISOString()

async function fill(...events: ClawEvent[]): Promise<ClawEvent[]> {
  const store = await openSqliteStore(log)
  await store.append(events)
  await store.close()
  return events
}

function configure(config: unknown): string {
  const file = path.join(box.folder, 'config.json')
  writeFileSync(file, JSON.stringify(config))
  return file
}

const quick = {retry: {initialDelayMs: 100, maxDelayMs: 1000, maxAttempts: 3}}
const replay = (args: string[], env: Record<string, string> = {}) =>
  box.run(['replay', '--store', `sqlite:${log}`, ...args], {env})
const ids = (events: readonly ClawEvent[]) => events.map(({eventId}) => eventId)

describe('replay --to a webhook', () => {
  it('sends each event in order as live delivery does, signed, redacted, and without what is confidential', async () => {
    const receiver = await startReceiver()
    const events = await fill(note('one'), note('two', {visibility: 'confidential'}), note('three'))
    await fill(makeEvent({type: 'note.added', agentId: 'main', source: 'cli', data: {password: 'hunter2'}}))
    const config = configure({redaction: {enabled: true}})
    const args = ['--to', receiver.url, '--config', config, '--secret-env', 'HOOK_SECRET', '--json']
    const {code, stdout, stderr} = await replay(args, {HOOK_SECRET: secret})
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      read: 4,
      delivered: 3,
      confidential: 1,
      filtered: 0,
      interrupted: false,
      failed: [],
    })
    expect(receiver.taken.slice(0, 2)).toEqual([events[0]!.eventId, events[2]!.eventId])
    for (const {headers, body} of receiver.requests) {
      const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
      expect(new Webhook(secret).verify(body, plain)).toMatchObject({eventId: plain['webhook-id']})
    }
    expect(receiver.requests.map(({body}) => body).join()).not.toContain('hunter2')
  })

  it('takes the configured endpoint of the same URL: its secret, headers and filters', async () => {
    const receiver = await startReceiver()
    await fill(note('one'), note('other', {type: 'other.thing'}))
    const endpoint = {url: `${receiver.url}/hook`, secret, headers: {'x-team': 'ops'}, filters: {types: ['note.*']}}
    const {stdout} = await replay(['--to', `${receiver.url}/hook`, '--config', configure({webhooks: [endpoint]})])
    expect(stdout).toBe('2 events: 1 delivered, 1 left out by the configured filters\n')
    expect(receiver.requests[0]!.headers).toMatchObject({
      'x-team': 'ops',
      'webhook-signature': expect.stringMatching(/^v1,/),
    })
  })

  it('tries again after a 500, and repeats nothing that was taken', async () => {
    const receiver = await startReceiver((_id, count) => (count === 1 ? 500 : 200))
    const events = await fill(note('one'), note('two'))
    const {code, stderr} = await replay(['--to', receiver.url, '--config', configure(quick)])
    expect(code).toBe(0)
    expect(receiver.taken).toEqual(ids(events))
    expect(receiver.requests).toHaveLength(4)
    expect(stderr).toMatch(/^status 500; attempt 2 of 3 in \d+ ms\n/)
  })

  it('ends at an event that is not taken, says how far it got, and goes on from there', async () => {
    const events = await fill(note('one'), note('two'), note('three'))
    for (const [status, attempts] of [
      [410, 1],
      [400, 1],
      [500, 3],
    ] as const) {
      const receiver = await startReceiver((id) => (id === events[1]!.eventId ? status : 200))
      const place = path.join(box.folder, `place-${status}`)
      const args = ['--to', receiver.url, '--config', configure(quick), '--resume', place]
      const first = await replay([...args, '--json'])
      expect(first.code).toBe(1)
      expect(JSON.parse(first.stdout)).toMatchObject({
        read: 1,
        delivered: 1,
        interrupted: false,
        failed: [{eventId: events[1]!.eventId, attempts, reason: expect.stringContaining(String(status))}],
      })
      expect(first.stderr).toContain(`stopped at note.added ${events[1]!.eventId}`)
      receiver.behave(() => 200)
      expect((await replay(args)).stdout).toBe('2 events: 2 delivered\n')
      expect(receiver.taken).toEqual(ids(events))
      expect(readFileSync(place, 'utf8')).not.toContain(receiver.url)
    }
  })

  it('stops on Ctrl-C, and goes on without loss or repeat', async () => {
    const events = await fill(...Array.from({length: 60}, (_, index) => note(`n${index}`)))
    const held: Array<() => void> = []
    const receiver = await startReceiver((_id, _count, response) => {
      if (receiver.requests.length !== 20) return 200
      held.push(() => response.writeHead(200).end())
      return undefined
    })
    const args = ['--to', receiver.url, '--resume', path.join(box.folder, 'place')]
    const running = box.start(['replay', '--store', `sqlite:${log}`, ...args])
    await expect.poll(() => held.length, {timeout: 10_000}).toBe(1)
    running.child.kill('SIGINT')
    held[0]!()
    const {code, stdout} = await running.finished
    expect(code).toBe(130)
    // The answer may be there before the signal is: then one more is under way.
    const [, sent = ''] = /^(\d+) events: \1 delivered; interrupted before the end\n$/.exec(stdout) ?? []
    expect(Number(sent)).toBeGreaterThanOrEqual(20)
    const rest = 60 - Number(sent)
    expect((await replay(args)).stdout).toBe(`${rest} events: ${rest} delivered\n`)
    expect(receiver.requests.map(({headers}) => headers['webhook-id'])).toEqual(ids(events))
  })

  it('loses nothing when it is killed, and repeats at most what came since the place was kept', async () => {
    const events = await fill(...Array.from({length: 40}, (_, index) => note(`n${index}`)))
    let isStuck = true
    const receiver = await startReceiver(() => (receiver.requests.length === 25 && isStuck ? undefined : 200))
    const place = path.join(box.folder, 'place')
    const args = ['--to', receiver.url, '--resume', place]
    const running = box.start(['replay', '--store', `sqlite:${log}`, ...args])
    await expect.poll(() => receiver.requests.length, {timeout: 10_000}).toBe(25)
    running.child.kill('SIGKILL')
    await running.finished
    isStuck = false
    const {sent} = JSON.parse(readFileSync(place, 'utf8'))
    expect((await replay(args)).stdout).toBe(`${40 - sent} events: ${40 - sent} delivered\n`)
    expect([...new Set(receiver.taken)]).toEqual(ids(events))
  })

  it('connects to no address that live delivery refuses, and says so before anything is sent', async () => {
    await fill(note('one'))
    const {port, requests} = await startReceiver()
    const named = `http://localhost:${port}/secret-path`
    const refused = await replay(['--to', named])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/localhost resolves to (127\.0\.0\.1|::1), which is not a public address/)
    expect(refused.stderr).toContain('--allow-private')
    expect(refused.stderr).not.toContain('secret-path')
    expect((await replay(['--to', 'http://169.254.169.254/x'])).code).toBe(2)
    expect(requests).toEqual([])
    expect((await replay(['--to', named, '--allow-private'])).stdout).toBe('1 event: 1 delivered\n')
  })

  it('refuses flags that do not fit, and secrets that are none, without showing them', async () => {
    await fill(note('one'))
    const to = ['--to', 'http://127.0.0.1:1/']
    const cases: Array<[string[], RegExp]> = [
      [['--secret-env', 'X'], /--secret-env is for a replay to a webhook only/],
      [['--run-actions'], /--run-actions is for a replay to the bridge only/],
      [[...to, '--secret-env', 'UNSET_NAME'], /UNSET_NAME, which is not set/],
      [[...to, '--secret-env', 'WEAK'], /WEAK holds no signing secret/],
      [['--to', 'bridge'], /no rules are configured/],
    ]
    for (const [args, says] of cases) {
      const {code, stderr} = await replay(args, {WEAK: 'p4ssw0rd'})
      expect(stderr).toMatch(says)
      expect(stderr).not.toContain('p4ssw0rd')
      expect(code).toBe(2)
    }
  })

  it('tells with --dry-run what would leave, and sends nothing', async () => {
    const receiver = await startReceiver()
    await fill(note('one'), note('two', {visibility: 'confidential'}))
    const {stdout} = await replay(['--to', receiver.url, '--dry-run'])
    expect(stdout).toMatch(/^2 events, .*would take 0 s; 1 confidential left out\n$/)
    expect(receiver.requests).toEqual([])
  })
})

/** examples/hooks as a user has it, with an `openclaw` that notes what it is told. */
function exampleBridge() {
  const {folder} = box
  const state = path.join(folder, 'state')
  cpSync(path.join(import.meta.dirname, '..', '..', 'examples', 'hooks'), path.join(state, 'hooks'), {recursive: true})
  const calls = path.join(folder, 'calls.ndjson')
  const openclaw = path.join(folder, 'openclaw')
  writeFileSync(
    openclaw,
    `#!/usr/bin/env node\nrequire('node:fs').appendFileSync(${JSON.stringify(calls)}, JSON.stringify(process.argv.slice(2)) + '\\n')\n`,
  )
  chmodSync(openclaw, 0o755)
  const told = () => (existsSync(calls) ? linesOf(readFileSync(calls, 'utf8')).map((line) => JSON.parse(line)) : [])
  const env = {PATH: `${folder}:${path.dirname(process.execPath)}:${process.env['PATH']}`}
  const run = (args: string[]) =>
    replay(['--to', 'bridge', '--config', path.join(state, 'hooks', 'hooks.json'), ...args], env)
  return {run, told, state}
}

const failing = (agentId: string, seconds: number, more: Omit<Partial<ClawEvent>, 'source'> = {}) =>
  makeEvent({
    type: 'agent.status',
    agentId,
    source: 'synthetic',
    data: {status: 'error'},
    timestamp: at(seconds),
    ...more,
  })

describe('replay --to bridge', () => {
  it('says which rule would start which action for which event, on the time of the events, and starts none', async () => {
    const {run, told, state} = exampleBridge()
    // The rule cools down for ten minutes.
    const events = await fill(failing('a', 0), failing('b', 599), failing('c', 601))
    const {code, stdout, stderr} = await run(['--ndjson'])
    expect(code).toBe(0)
    const rule = {type: 'agent.status', ruleId: 'restart-a-stalled-agent', actionId: 'restart-agent'}
    expect(linesOf(stdout).map((line) => JSON.parse(line))).toEqual([
      {eventId: events[0]!.eventId, position: expect.any(String), ...rule},
      {eventId: events[2]!.eventId, position: expect.any(String), ...rule},
    ])
    expect(stderr).toBe('3 events: 2 actions, 1 held back by a cooldown\n')
    expect(told()).toEqual([])
    expect(existsSync(path.join(state, 'claw-events', 'state.db'))).toBe(false)
    const people = await run([])
    expect(people.stdout).toContain(`would start  restart-agent  (rule restart-a-stalled-agent)  agent.status  a  `)
    const plan = await run(['--dry-run', '--json'])
    expect(JSON.parse(plan.stdout)).toMatchObject({events: 3, actions: 2, coolingDown: 1, confidential: 0})
    const whole = await run(['--json'])
    expect(JSON.parse(whole.stdout)).toMatchObject({actions: [rule, rule], summary: {read: 3, actions: 2}})
    const none = await run(['--json', '--type', 'nothing.*'])
    expect(JSON.parse(none.stdout)).toMatchObject({actions: [], summary: {read: 0, actions: 0}})
  })

  it('runs the actions with --run-actions, knows what agents were, and shows no confidential event', async () => {
    const {run, told} = exampleBridge()
    const idle = {parentAgentId: 'boss', parentSessionKey: 'agent:boss:main', childSessionKey: 'c', idleForMs: 300_000}
    await fill(
      failing('boss', 0, {data: {status: 'sleeping'}}),
      makeEvent({type: 'subagent.idle', agentId: 'main', source: 'synthetic', data: idle, timestamp: at(5)}),
      failing('hidden', 6, {visibility: 'confidential'}),
    )
    // The status stands before the part that is replayed.
    const {code, stdout, stderr} = await run(['--run-actions', '--since', at(1), '--ndjson'])
    expect(stderr).toBe('2 events: 1 action, 1 ended well, 1 confidential left out\n')
    expect(JSON.parse(stdout)).toMatchObject({actionId: 'wake-parent', ok: true, durationMs: expect.any(Number)})
    expect(code).toBe(0)
    expect(told().map((call) => call.slice(0, 3))).toEqual([['agent', '--agent', 'boss']])
  })

  it('says what failed, ends with 1, and keeps nothing for later', async () => {
    const config = configure({
      hookBridge: {
        enabled: true,
        actions: {
          gone: {type: 'local_script', path: 'hooks/none.mjs'},
          nowhere: {type: 'webhook', url: 'http://127.0.0.1:1/'},
        },
        rules: [
          {id: 'r', when: {}, action: 'gone', cooldownMs: 60_000},
          {id: 's', when: {}, action: 'nowhere'},
        ],
      },
    })
    await fill(note('one'))
    const {code, stdout, stderr} = await replay(['--to', 'bridge', '--config', config, '--run-actions', '--ndjson'])
    expect(code).toBe(1)
    const ended = linesOf(stdout).map((line) => JSON.parse(line))
    expect(ended.map(({ok}) => ok)).toEqual([false, false])
    expect(ended.find(({ruleId}) => ruleId === 's').error).toContain('connection refused')
    expect(stderr).toContain('1 event: 2 actions, 2 failed')
    const deliveries = await box.run(['deliveries', 'list', '--json'])
    expect(JSON.parse(deliveries.stdout).deliveries).toEqual([])
  })

  it('goes on with the cooldowns of the part before, and does again only what had not ended', async () => {
    const receiver = await startReceiver((_id, _count, response) => {
      if (receiver.requests.length < 3) return 200
      stuck = () => response.writeHead(200).end()
      return undefined
    })
    let stuck: (() => void) | undefined
    const config = configure({
      hookBridge: {
        enabled: true,
        actions: {a: {type: 'webhook', url: receiver.url, timeoutMs: 60_000}},
        runtime: {concurrency: 1},
        rules: [
          {id: 'each', when: {}, action: 'a'},
          {id: 'seldom', when: {}, action: 'a', cooldownMs: 3_600_000},
        ],
      },
    })
    const events = await fill(...[0, 1, 2, 3].map((second) => note(`n${second}`, {timestamp: at(second)})))
    const args = ['--to', 'bridge', '--config', config, '--run-actions', '--resume', path.join(box.folder, 'place')]
    const running = box.start(['replay', '--store', `sqlite:${log}`, ...args])
    await expect.poll(() => stuck, {timeout: 10_000}).toBeDefined()
    running.child.kill('SIGINT')
    expect((await running.finished).code).toBe(130)
    receiver.behave(() => 200)
    const {code, stderr} = await replay(args)
    expect(code).toBe(0)
    expect(stderr).toBe('3 events: 3 actions, 3 ended well, 3 held back by a cooldown\n')
    const sent = receiver.requests.map(({body}) => JSON.parse(body)).map(({ruleId, event}) => [ruleId, event.eventId])
    const [one, two, three, four] = ids(events)
    expect(sent).toEqual([
      ['each', one],
      ['seldom', one],
      ['each', two],
      ['each', two],
      ['each', three],
      ['each', four],
    ])
  })
})
