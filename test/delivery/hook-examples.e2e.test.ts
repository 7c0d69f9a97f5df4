import {chmodSync, cpSync, existsSync, readFileSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import path from 'node:path'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import {createActionRunner} from '../../src/lib/actions/runner.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import {createBridgeSink} from '../../src/lib/delivery/bridge/sink.ts'
import {makeEvent, type NewEvent} from '../../src/lib/event/make.ts'
import {openBench, openOutgoing} from './fixtures.ts'

const root = path.join(import.meta.dirname, '..', '..')
const until = (check: () => void) => vi.waitFor(check, {timeout: 15_000, interval: 20})

/** The example as a user has it: copied into the state directory, with an `openclaw` that notes what it is told. */
async function exampleBridge(extra: Record<string, string> = {}) {
  const bench = await openBench()
  const {folder} = bench
  cpSync(path.join(root, 'examples', 'hooks'), path.join(folder, 'hooks'), {recursive: true})
  const calls = path.join(folder, 'openclaw-calls.ndjson')
  const openclaw = path.join(folder, 'openclaw')
  writeFileSync(
    openclaw,
    `#!/usr/bin/env node\nrequire('node:fs').appendFileSync(${JSON.stringify(calls)}, JSON.stringify(process.argv.slice(2)) + '\\n')\n`,
  )
  chmodSync(openclaw, 0o755)
  const claw = path.join(folder, 'claw-events')
  writeFileSync(
    claw,
    `#!/bin/sh\nexec ${process.execPath} ${path.join(root, 'bin', 'run.js')} "$@" --store sqlite:${folder}/events.db\n`,
  )
  chmodSync(claw, 0o755)
  const environment = {
    PATH: `${folder}:${path.dirname(process.execPath)}:${process.env['PATH']}`,
    HOME: folder,
    OPENCLAW_STATE_DIR: folder,
    ...extra,
  }
  const {config, faults} = await loadConfig({
    config: path.join(folder, 'hooks', 'hooks.json'),
    only: true,
    env: environment,
  })
  expect(faults).toEqual([])
  const {allowedActionDirs, localScriptDefaults} = config.hookBridge
  const run = createActionRunner({
    allowedActionDirs: allowedActionDirs.map((dir) => path.join(folder, dir)),
    localScriptDefaults,
    stateDir: folder,
    environment,
  })
  const sink = createBridgeSink({
    settings: config.hookBridge,
    retry: config.retry,
    outgoing: openOutgoing,
    run,
    random: () => 0,
  })
  const {stop} = bench.start(sink)
  onTestFinished(stop)
  const told = () =>
    existsSync(calls)
      ? readFileSync(calls, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : []
  const append = (...events: Array<Omit<NewEvent, 'source' | 'agentId'> & {agentId?: string}>) =>
    bench.store.append(events.map((one) => makeEvent({agentId: 'main', source: 'synthetic', ...one})))
  return {...bench, append, told}
}

describe('examples/hooks', () => {
  it('wakes a sleeping parent when its subagent stalls, with names as arguments and not as shell text', async () => {
    const {append, told} = await exampleBridge()
    await append(
      {type: 'agent.status', agentId: 'boss', data: {status: 'sleeping'}},
      {
        type: 'subagent.idle',
        data: {
          parentAgentId: 'boss',
          parentSessionKey: 'agent:boss:main',
          childSessionKey: 'agent:main:subagent:1; touch /tmp/owned',
          idleForMs: 300_000,
        },
      },
    )
    await until(() => expect(told()).toHaveLength(1))
    const [call] = told()
    expect(call.slice(0, 6)).toEqual(['agent', '--agent', 'boss', '--session-key', 'agent:boss:main', '--message'])
    expect(call[6]).toMatch(/^Your subagent agent:main:subagent:1; touch \/tmp\/owned has done nothing for 5 minutes/)
  })

  it('leaves a parent alone that is at work', async () => {
    const {append, told, state, store} = await exampleBridge()
    await append(
      {type: 'agent.status', agentId: 'boss', data: {status: 'working'}},
      {type: 'subagent.idle', data: {parentAgentId: 'boss', childSessionKey: 'c', idleForMs: 300_000}},
    )
    await until(async () => expect((await state.cursor('bridge'))?.position).toBe(await store.head()))
    expect(told()).toEqual([])
  })

  it('posts tool errors to Slack', async () => {
    const posts: unknown[] = []
    const slack = createServer(async (request, response) => {
      posts.push(JSON.parse((await Array.fromAsync(request)).join('')))
      response.end('ok')
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void slack.close())
    await new Promise((resolve) => slack.once('listening', resolve))
    const {port} = slack.address() as AddressInfo
    const {append} = await exampleBridge({SLACK_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`})
    await append({type: 'tool.error', data: {toolName: 'exec', error: 'exit 1 <b>'}, error: {message: 'exit 1 <b>'}})
    await until(() => expect(posts).toEqual([{text: '*Tool exec failed* (agent main)\nexit 1 &lt;b&gt;'}]))
  })

  it('starts a new turn of an agent that stopped', async () => {
    const {append, told} = await exampleBridge()
    await append({type: 'agent.status', agentId: 'writer', data: {status: 'error', activity: 'Using Tool'}})
    await until(() => expect(told()).toHaveLength(1))
    expect(told()[0].slice(0, 3)).toEqual(['agent', '--agent', 'writer'])
  })

  it('notes what worked when a run ended well after failures, and nothing for a run without', async () => {
    const {append, folder, state, store} = await exampleBridge()
    const call = (runId: string, id: string, type: string) => ({
      type,
      runId,
      toolCallId: id,
      data: {toolName: 'exec', params: {command: `try ${id}`}},
    })
    await append(
      call('smooth', 'a', 'tool.called'),
      call('smooth', 'a', 'tool.completed'),
      {type: 'lifecycle.end', runId: 'smooth', data: {}},
      call('rough', 'b', 'tool.called'),
      call('rough', 'b', 'tool.error'),
      call('rough', 'c', 'tool.called'),
      call('rough', 'c', 'tool.completed'),
      {type: 'lifecycle.end', runId: 'rough', data: {}},
    )
    const page = path.join(folder, 'what-worked.md')
    await until(() => expect(existsSync(page)).toBe(true))
    await until(async () => expect((await state.cursor('bridge'))?.position).toBe(await store.head()))
    const text = readFileSync(page, 'utf8')
    expect(text).toContain('After 1 failed calls these worked:\n\n- exec `{"command":"try c"}`')
    expect(text).not.toContain('smooth')
  })
})
