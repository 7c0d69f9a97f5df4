import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {WebSocket} from 'ws'
import {linesOf, type Sandbox, sandbox} from '../run-bin.ts'

let box: Sandbox
beforeEach(() => {
  box = sandbox()
})
afterEach(() => box.remove())

const until = (check: () => unknown) => vi.waitFor(check, {timeout: 10_000, interval: 20})

function configure(config: unknown): string {
  const file = path.join(box.folder, 'serve.json')
  writeFileSync(file, JSON.stringify(config))
  return file
}

const emit = async (text: string) => {
  const {code, stderr} = await box.run(['emit', '--type', 'note.added', '--data', JSON.stringify({text})])
  expect(stderr).toBe('')
  expect(code).toBe(0)
}

/** A receiver of webhooks: the texts that came, with the ids they came under. */
async function receiver() {
  const got: Array<{id: unknown; text: string}> = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse((await Array.fromAsync(request)).join(''))
    got.push({id: request.headers['webhook-id'], text: body.data.text})
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const {port} = server.address() as AddressInfo
  return {got, url: `http://127.0.0.1:${port}/`, close: () => server.close()}
}

const quietSocket = {ws: {ports: [0]}}

describe('serve', () => {
  it('delivers to WebSocket, webhook and file, and goes on where it stopped', async () => {
    const hook = await receiver()
    const config = configure({security: quietSocket, webhooks: [{url: hook.url}], eventLog: {enabled: true}})
    await emit('before')
    const first = box.start(['serve', '--config', config, '--from-start'])
    await first.until(/websocket: running at (ws:\S+)/)
    const [, url = ''] = /running at (ws:[^\s,)]+)/.exec(first.stderr())!
    const frames: string[] = []
    const client = new WebSocket(url).on('message', (data) => frames.push(String(data)))
    await until(() => expect(frames).toHaveLength(1))
    await emit('live')
    await until(() => expect(JSON.parse(frames[1]!).data.text).toBe('live'))
    await until(() => expect(hook.got.map(({text}) => text)).toEqual(['before', 'live']))
    first.child.kill('SIGTERM')
    expect((await first.finished).code).toBe(130)
    client.terminate()

    await emit('meanwhile')
    const second = box.start(['serve', '--config', config])
    await until(() => expect(hook.got.map(({text}) => text)).toEqual(['before', 'live', 'meanwhile']))
    const file = path.join(box.env['OPENCLAW_STATE_DIR']!, '.event-server', 'events.ndjson')
    await until(() =>
      expect(
        linesOf(readFileSync(file, 'utf8'))
          .map((line) => JSON.parse(line).event?.data.text)
          .filter(Boolean),
      ).toEqual(['before', 'live', 'meanwhile']),
    )
    second.child.kill('SIGINT')
    const {code, stdout} = await second.finished
    expect(code).toBe(130)
    expect(stdout).toBe('')
    hook.close()
  })

  it('waits beside another one, and takes over when that is killed', async () => {
    const hook = await receiver()
    const config = configure({security: quietSocket, webhooks: [{url: hook.url}]})
    await emit('first')
    const one = box.start(['serve', '--config', config, '--from-start'])
    await until(() => expect(hook.got).toHaveLength(1))
    const two = box.start(['serve', '--config', config])
    await two.until('another process of this state directory runs them')
    one.child.kill('SIGKILL')
    await one.finished
    await emit('second')
    await until(() => expect(hook.got.at(-1)?.text).toBe('second'))
    two.child.kill('SIGTERM')
    await two.finished
    expect(new Set(hook.got.map(({id}) => id)).size).toBe(2)
    hook.close()
  })

  it('says every fault at once and starts nothing', async () => {
    const config = configure({
      security: {ws: {bindAddress: '0.0.0.0'}},
      webhooks: [{url: 'ftp://x'}],
      eventLog: {maxFileSizeMb: 0},
    })
    const {code, stderr} = await box.run(['serve', '--config', config])
    expect(code).toBe(2)
    expect(stderr).toMatch(/webhooks\[0\]\.url/)
    expect(stderr).toMatch(/eventLog\.maxFileSizeMb/)
    expect(stderr).toMatch(/security\.ws/)
  })

  it('goes on with the rest when one sink cannot run, and says so', async () => {
    const hook = await receiver()
    const state = box.env['OPENCLAW_STATE_DIR']!
    mkdirSync(path.join(state, '.event-server', 'events.ndjson'), {recursive: true})
    const config = configure({security: {ws: {enabled: false}}, webhooks: [{url: hook.url}], eventLog: {enabled: true}})
    const running = box.start(['serve', '--config', config, '--from-start'])
    await running.until(/event log .* cannot be written: EISDIR/)
    await emit('kept')
    await until(() => expect(hook.got.map(({text}) => text)).toEqual(['kept']))
    running.child.kill('SIGTERM')
    await running.finished
    hook.close()
  })

  it('refuses to serve nothing', async () => {
    const {code, stderr} = await box.run(['serve', '--config', configure({security: {ws: {enabled: false}}})])
    expect(code).toBe(2)
    expect(stderr).toContain('switches every sink off')
  })
})

describe('doctor and status', () => {
  it('tell a newcomer what is missing, and what to do', async () => {
    const {code, stdout} = await box.run(['doctor'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/ERROR {3}store\.reachable .*there is no event log/)
    expect(stdout).toContain('try: `claw-events stream init` makes it')
  })

  it('are content with a log that is in order', async () => {
    await emit('one')
    const {code, stdout, stderr} = await box.run(['doctor', '--json'])
    expect(stderr).toBe('')
    const {ok, checks} = JSON.parse(stdout)
    expect(checks.filter((check: {ok: boolean; severity: string}) => !check.ok && check.severity !== 'info')).toEqual(
      [],
    )
    expect([code, ok]).toEqual([0, true])
  })

  it('find a gateway whose guard blocks everything, and one that is not allowed to load the plugin', async () => {
    await emit('one')
    const state = box.env['OPENCLAW_STATE_DIR']!
    writeFileSync(
      path.join(state, 'openclaw.json'),
      JSON.stringify({plugins: {allow: ['other'], entries: {'claw-events': {enabled: true, config: {}}}}}),
    )
    writeFileSync(
      path.join(state, 'claw-events', 'plugin.json'),
      JSON.stringify({
        pid: process.pid,
        loadedAt: '2026-11-21T12:00:00.000Z',
        version: '0.1.0',
        registrations: {full: 1},
        guard: {
          enabled: true,
          dryRun: false,
          rules: 0,
          fault: 'openclaw.json: hookBridge.toolGuard.rules: expected a list',
        },
        faults: 1,
      }),
    )
    const {code, stdout} = await box.run(['doctor'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/ERROR {3}plugin\.allowed/)
    expect(stdout).toMatch(/ERROR {3}plugin\.guard .*every tool call is blocked/)
    expect(stdout).toMatch(/ok {6}plugin\.loaded .*runs in process/)
  })

  it('show what agents do, as a tree and as a document', async () => {
    const now = new Date().toISOString()
    const events = [
      {type: 'session.start', agentId: 'main', sessionKey: 'agent:main:s', data: {}},
      {
        type: 'tool.called',
        agentId: 'main',
        sessionKey: 'agent:main:s',
        toolCallId: 't1',
        data: {toolName: 'exec', params: {}},
      },
    ].map((event, index) => ({
      eventId: `e${index}`,
      schemaVersion: '1.2.0',
      timestamp: now,
      eventCategory: 'tool',
      eventName: event.type,
      source: 'plugin-hook',
      correlationId: 'c',
      visibility: 'internal',
      ...event,
    }))
    await box.run(['import', '-'], {input: events.map((event) => JSON.stringify(event)).join('\n')})
    const people = await box.run(['status'])
    expect(people.stdout).toMatch(/^working +\d+s {2}main {2}exec for \d+s {2}1 session, 1 tool call\n$/)
    const {agents} = JSON.parse((await box.run(['status', '--json'])).stdout)
    expect(agents).toMatchObject([{agentId: 'main', status: 'working', currentTool: {toolName: 'exec'}, subagents: []}])
    const watching = box.start(['status', '--watch', '--ndjson'])
    await watching.until('"agents"')
    watching.child.kill('SIGINT')
    expect((await watching.finished).code).toBe(130)
    expect(existsSync(path.join(box.env['OPENCLAW_STATE_DIR']!, 'claw-events', 'state.db'))).toBe(false)
  })
})
