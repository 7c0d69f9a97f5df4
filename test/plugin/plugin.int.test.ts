import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it, vi} from 'vitest'
import type {Fields} from '../../src/plugin/host-api.ts'
import {type FakeHost, fakeHost, type Registration} from './fake-host.ts'

const until = (check: () => unknown) => vi.waitFor(check, {timeout: 5000, interval: 10})
const quiet = {security: {ws: {enabled: false}}, status: {ticker: false}}
const ctx = {agentId: 'main', sessionKey: 'agent:main:s', sessionId: 's1', runId: 'r1'}
const callOf = (id: string, command: string) => ({toolName: 'exec', params: {command}, toolCallId: id, runId: 'r1'})

const noRm = {
  id: 'no-rm',
  when: {toolName: 'exec', contains: {'data.params.command': 'rm '}},
  decision: {block: true, blockReason: 'no rm'},
}
const guarding = (toolGuard: Fields = {}, more: Fields = {}) => ({
  ...quiet,
  ...more,
  hookBridge: {toolGuard: {enabled: true, rules: [noRm], ...toolGuard}},
})

/** The events that tell of calls, by call. */
async function toldOf(host: FakeHost, id: string): Promise<string[]> {
  const told = (await host.events()).filter(({toolCallId}) => toolCallId === id)
  return told.map(({type}) => type).filter((type) => !type.startsWith('agent.'))
}

describe('plugin: recording', () => {
  it('records what happens before its configuration is read', async () => {
    const host = fakeHost(quiet)
    const {call} = await host.register()
    void call('session_start', {sessionId: 's1', sessionKey: 'agent:main:s'}, ctx)
    await until(async () => expect(await host.types()).toContain('session.start'))
  })

  it('records each thing once, however often the host registers it', async () => {
    const host = fakeHost(quiet)
    const full = await host.register('full')
    const discovery = await host.register('discovery')
    const again = await host.register('discovery')
    const event = callOf('t1', 'ls')
    for (const {hooks} of [full, discovery, again]) {
      for (const {hook, handler} of hooks) if (hook === 'before_tool_call') await handler(event, ctx)
    }
    await until(async () => expect(await toldOf(host, 't1')).toEqual(['tool.called']))
  })

  it('ties what belongs to one call together', async () => {
    const host = fakeHost(guarding())
    const {call} = await host.register('discovery')
    await call('before_tool_call', callOf('t1', 'rm x'), ctx)
    await call('after_tool_call', {...callOf('t1', 'rm x'), error: 'no rm'}, ctx)
    await until(async () =>
      expect(await toldOf(host, 't1')).toEqual(['tool.called', 'tool.guard.matched', 'tool.guard.blocked']),
    )
    const ids = (await host.events()).filter(({toolCallId}) => toolCallId === 't1').map((event) => event.correlationId)
    expect(new Set(ids).size).toBe(1)
  })

  it('commits what is left when its service stops, and what the host still tells after that', async () => {
    const host = fakeHost(quiet)
    const {call, services} = await host.register()
    for (const {start} of services) await start({})
    void call('gateway_stop', {reason: 'test'}, {})
    for (const {stop} of services) await stop()
    expect(await host.types()).toContain('gateway.stop')
    await call('session_end', {sessionId: 's1', messageCount: 1, reason: 'shutdown'}, ctx)
    await until(async () => expect(await host.types()).toContain('session.end'))
  })

  it('does nothing when it is switched off', async () => {
    const host = fakeHost({...guarding(), enabled: false})
    const {call} = await host.register()
    expect(await call('before_tool_call', callOf('t1', 'rm x'), ctx)).toBeUndefined()
    expect(await host.types()).toEqual([])
  })

  it('takes in an event of an extension, and answers questions about the log', async () => {
    const host = fakeHost(quiet)
    const {methods} = await host.register()
    const ask = (name: string, params: Fields) =>
      new Promise<[boolean, unknown]>((resolve) => {
        void methods.get(name)!({params, respond: (ok, payload, error) => resolve([ok, payload ?? error])})
      })
    expect(await ask('claw-events.append', {type: 'deploy.finished', data: {version: 3}})).toEqual([
      true,
      {eventId: expect.any(String)},
    ])
    await until(async () => expect(await host.types()).toContain('deploy.finished'))
    const [isFound, found] = await ask('claw-events.query', {type: 'deploy.*'})
    expect([isFound, found]).toMatchObject([true, {events: [{type: 'deploy.finished', data: {version: 3}}]}])
    expect(await ask('claw-events.query', {limit: 0})).toMatchObject([
      false,
      {message: expect.stringContaining('limit')},
    ])
    expect(await ask('claw-events.append', {type: 'No'})).toMatchObject([false, {code: 'EVENT_INVALID'}])
    expect(await ask('claw-events.status', {})).toMatchObject([true, {enabled: true, recording: {dropped: 0}}])
  })
})

describe('plugin: guard', () => {
  for (const mode of [
    'full',
    'discovery',
    'tool-discovery',
    'setup-runtime',
    'setup-only',
    'cli-metadata',
    'something-new',
  ]) {
    it(`is on in a registration of mode "${mode}"`, async () => {
      const host = fakeHost(guarding())
      const {call} = await host.register(mode)
      expect(await call('before_tool_call', callOf('t1', 'rm x'), ctx)).toEqual({block: true, blockReason: 'no rm'})
    })
  }

  it('lets the params run that it judged, whatever another plugin made of them', async () => {
    const host = fakeHost(guarding())
    const {call} = await host.register()
    expect(await call('before_tool_call', callOf('t1', 'ls'), ctx)).toEqual({params: {command: 'ls'}})
    const open = fakeHost(guarding({pinParams: false}))
    const other = await open.register()
    expect(await other.call('before_tool_call', callOf('t1', 'ls'), ctx)).toBeUndefined()
  })

  it('judges after all others and records before them', async () => {
    const host = fakeHost(guarding())
    const {hooks} = await host.register()
    const priorities = hooks.filter(({hook}) => hook === 'before_tool_call').map(({options}) => options.priority)
    expect(priorities).toEqual([1_000_000, -1_000_000])
  })

  it('blocks every call when its policy has a fault, and says so', async () => {
    const host = fakeHost(
      guarding({rules: [{id: 'x', when: {matchesRegex: {'data.params.command': '('}}, decision: {block: true}}]}),
    )
    const {call} = await host.register()
    const answer = await call('before_tool_call', callOf('t1', 'ls'), ctx)
    expect(answer).toMatchObject({block: true, blockReason: expect.stringContaining('policy could not be loaded')})
    expect(host.said.join('\n')).toMatch(/error: claw-events: every tool call is blocked: .*matchesRegex/s)
  })

  it('keeps to its policy when something else in the configuration is wrong', async () => {
    const host = fakeHost(guarding({}, {queue: {maxSize: 'many'}}))
    const {call} = await host.register()
    expect(await call('before_tool_call', callOf('t1', 'ls'), ctx)).toEqual({params: {command: 'ls'}})
    expect(await call('before_tool_call', callOf('t2', 'rm x'), ctx)).toMatchObject({block: true})
    expect(host.said.join('\n')).toContain('queue.maxSize')
  })

  it('goes by the new policy after a reload, with the memory of before', async () => {
    const host = fakeHost(guarding({rules: []}))
    const before = await host.register()
    expect(await before.call('before_tool_call', callOf('t1', 'rm x'), ctx)).toEqual({params: {command: 'rm x'}})
    host.configure(guarding())
    const after = await host.register('discovery')
    for (const {call} of [before, after]) {
      expect(await call('before_tool_call', callOf('t2', 'rm x'), ctx)).toMatchObject({block: true})
    }
    await until(async () => expect(await host.types()).toContain('guard.policy_changed'))
  })

  it('asks by the host, and records what a human decided', async () => {
    const rule = {id: 'ask', when: {toolName: 'exec'}, decision: {ask: {title: 'Run {{toolName}}?'}}}
    const host = fakeHost(guarding({rules: [rule]}))
    const {call} = await host.register()
    const answer = (await call('before_tool_call', callOf('t1', 'ls'), ctx)) as {
      requireApproval: {title: string; onResolution(decision: string): void}
    }
    expect(answer.requireApproval.title).toBe('Run exec?')
    answer.requireApproval.onResolution('deny')
    await until(async () =>
      expect(await toldOf(host, 't1')).toEqual([
        'tool.called',
        'tool.guard.matched',
        'approval.requested',
        'approval.resolved',
        'tool.guard.blocked',
      ]),
    )
  })

  /** A policy that asks one script about every call; `script` is its text. */
  function askingScript(script: string, toolGuard: Fields = {}): FakeHost {
    const host = fakeHost()
    const file = path.join(host.stateDir, 'ask.sh')
    writeFileSync(file, `#!/bin/sh\n${script}\n`, {mode: 0o755})
    host.configure({
      ...quiet,
      hookBridge: {
        allowedActionDirs: [host.stateDir],
        actions: {ask: {type: 'local_script', path: file}},
        toolGuard: {enabled: true, rules: [{id: 'ask-script', when: {}, action: 'ask'}], ...toolGuard},
      },
    })
    return host
  }

  it('answers in time, blocking, when an action hangs', async () => {
    const host = askingScript("trap '' TERM; while :; do sleep 0.1; done", {timeoutMs: 200, onError: 'block'})
    const {call} = await host.register()
    expect(await call('before_tool_call', callOf('t1', 'ls'), ctx)).toMatchObject({block: true})
  })

  it('tells the operator, and not the agent, what a script wrote to its error output', async () => {
    const host = askingScript('printf "no key\\\\033[2J, password=hunter2abc" >&2; exit 3', {onError: 'block'})
    const {call} = await host.register()
    const answer = await call('before_tool_call', callOf('t1', 'ls'), ctx)
    expect(answer).toMatchObject({block: true})
    expect(JSON.stringify(answer)).not.toContain('no key')
    const said = host.said.join('\n')
    expect(said).toMatch(/warn: claw-events: \S+ask\.sh, asked by rule ask-script, wrote: no key\\e\[2J/)
    expect(said).not.toContain('hunter2abc')
  })

  it('says to the agent when a command line only could not be read', async () => {
    const rule = {id: 'no-sudo', when: {shell: {program: 'sudo'}}, decision: {block: true, blockReason: 'no sudo'}}
    const host = fakeHost(guarding({rules: [rule]}))
    const {call} = await host.register()
    const plain = await call('before_tool_call', callOf('t1', 'sudo ls'), ctx)
    expect(plain).toEqual({block: true, blockReason: 'no sudo'})
    const unreadable = await call('before_tool_call', callOf('t2', '$TOOL ls'), ctx)
    expect(unreadable).toMatchObject({blockReason: expect.stringMatching(/^no sudo \(assumed to match: .+\)$/)})
  })

  it('counts the tokens that an extension tells of at once', async () => {
    const rule = {id: 'spent', when: {usage: {tokensGte: 400}}, decision: {block: true, blockReason: 'spent'}}
    const host = fakeHost(guarding({rules: [rule]}))
    const {call, methods} = await host.register()
    expect(await call('before_tool_call', callOf('t1', 'ls'), ctx)).not.toHaveProperty('block')
    const params = {type: 'agent.llm_output', agentId: 'main', sessionKey: ctx.sessionKey, data: {usage: {total: 500}}}
    await new Promise<void>((resolve) => {
      void methods.get('claw-events.append')!({params, respond: () => resolve()})
    })
    expect(await call('before_tool_call', callOf('t2', 'ls'), ctx)).toMatchObject({blockReason: 'spent'})
  })

  it('blocks a call that cannot be recorded, with capture.strict', async () => {
    const host = fakeHost({
      ...guarding({rules: []}),
      capture: {strict: true, strictTimeoutMs: 100},
      eventStore: {url: 'sqlite:/proc/nowhere/events.db'},
    })
    const {call} = await host.register()
    expect(await call('before_tool_call', callOf('t1', 'ls'), ctx)).toMatchObject({
      block: true,
      blockReason: expect.stringContaining('could not be recorded'),
    })
  })

  it('tells doctor of itself', async () => {
    const host = fakeHost(guarding())
    await host.register('discovery')
    const full: Registration = await host.register('full')
    for (const {start} of full.services) await start({})
    const presence = JSON.parse(readFileSync(path.join(host.stateDir, 'claw-events', 'plugin.json'), 'utf8'))
    expect(presence).toMatchObject({
      pid: process.pid,
      registrations: {discovery: 1, full: 1},
      guard: {enabled: true, rules: 1},
    })
  })
})
