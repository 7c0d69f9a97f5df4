import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {statusFromEvents} from '../../src/lib/capture/status.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {ctx, ofType, played, recording, type Scene, scene, session, settingsOf, start, the} from './scene.ts'

const exec = (toolCallId: string) => ({toolName: 'exec', params: {}, runId: 'run-1', toolCallId})
const statuses = (events: readonly ClawEvent[]) => ofType(events, 'agent.status').map(({data}) => data['status'])
const node = (made: Scene, agentId = 'main') => made.capture.status().agents.find((one) => one.agentId === agentId)!

describe('agent.status', () => {
  it('is working, idle and sleeping by the windows, and said when it changes only', () => {
    const made = scene()
    made.hook('session_start', {sessionId: 's-1', sessionKey: session.sessionKey}, ctx)
    made.hook('before_tool_call', exec('1'), ctx)
    assert.deepEqual(statuses(made.events), ['working'])
    assert.deepEqual(statuses(made.wait(30_000)), [])
    assert.deepEqual(statuses(made.wait(1)), ['idle'])
    assert.deepEqual(statuses(made.wait(600_000 - 30_001)), [])
    assert.deepEqual(statuses(made.wait(1)), ['sleeping'])
    made.hook('after_tool_call', {...exec('1'), result: 1}, ctx)
    assert.deepEqual(statuses(made.events), ['working', 'idle', 'sleeping', 'working'])
  })

  it('says why, how many sessions are open and when the agent was last active', () => {
    const made = scene()
    made.hook('session_start', {sessionId: 's-1', sessionKey: session.sessionKey}, ctx)
    const [idle] = ofType(made.wait(31_000), 'agent.status')
    assert.deepEqual(the(made.events.slice(0, -1), 'agent.status').data, {
      agentId: 'main',
      status: 'working',
      activity: 'Working',
      activityDetail: 'Recent activity in one or more sessions',
      sourceEventType: 'session.start',
    })
    assert.deepEqual(idle?.metadata, {
      reason: 'idle-window',
      activeSessionCount: 1,
      lastActiveAt: new Date(start).toISOString(),
    })
    assert.equal(idle?.data['activityDetail'], 'No recent events in the last 30 seconds')
    const [sleeping] = ofType(made.wait(600_000), 'agent.status')
    assert.deepEqual(
      [sleeping?.metadata?.['reason'], sleeping?.data['activityDetail']],
      ['sleeping-window', 'No events in the last 10 minutes'],
    )
  })

  it('follows the windows of the configuration', () => {
    const made = scene({status: {workingWindowMs: 2000, sleepingWindowMs: 20_000}})
    made.hook('before_tool_call', exec('1'), ctx)
    assert.deepEqual(statuses(made.wait(2001)), ['idle'])
    assert.deepEqual(statuses(made.wait(18_000)), ['sleeping'])
  })

  it('comes with other events where no ticker runs, at the interval of the configuration', () => {
    const made = scene({status: {tickIntervalMs: 5000}})
    made.hook('before_tool_call', exec('1'), {...ctx, agentId: 'quiet', sessionKey: 'agent:quiet:main'})
    made.clock.now += 40_000
    assert.deepEqual(
      ofType(made.hook('before_tool_call', exec('2'), ctx), 'agent.status').map(({agentId, data}) => [
        agentId,
        data['status'],
      ]),
      [
        ['quiet', 'idle'],
        ['main', 'working'],
      ],
    )
  })

  it('is not error after a tool failed', () => {
    const made = scene()
    made.hook('before_tool_call', exec('1'), ctx)
    made.hook('after_tool_call', {...exec('1'), error: 'boom'}, ctx)
    assert.deepEqual(statuses(made.events), ['working'])
    assert.equal(node(made).status, 'working')
  })

  it('is error after the agent reported one, until something begins again', () => {
    const made = scene()
    made.hook('before_tool_call', exec('1'), ctx)
    made.hook('agent:error', {context: {...session, error: 'bad'}})
    made.hook('after_tool_call', {...exec('1'), result: 1}, ctx)
    made.wait(10_000)
    assert.deepEqual(statuses(made.events), ['working', 'error'])
    made.hook('before_tool_call', exec('2'), ctx)
    assert.deepEqual(statuses(made.events), ['working', 'error', 'working'])
  })

  it('is offline where the error says that nobody can reach the agent', () => {
    for (const error of ['host unreachable', 'Agent is OFFLINE', 'gateway not reachable']) {
      const made = scene()
      made.hook('agent:error', {context: {...session, error}})
      assert.deepEqual(statuses(made.events), ['offline'])
    }
  })

  it('is error after a run failed, not after one was aborted, and not for the failure of a child', () => {
    const failing = (data: object, rest: object = {}) => {
      const made = scene()
      made.stream('lifecycle', {phase: 'start'}, rest)
      made.stream('lifecycle', {phase: 'error', error: 'offline', ...data}, rest)
      return statuses(made.events)
    }
    assert.deepEqual(failing({}), ['working', 'error'])
    assert.deepEqual(failing({aborted: true}), ['working'])
    assert.deepEqual(failing({}, {sessionKey: 'agent:main:subagent:1'}), ['working'])
  })

  it('is offline for every agent when the gateway stops, whatever trails behind', () => {
    const made = scene()
    for (const agentId of ['a', 'b'])
      made.hook('before_tool_call', exec(agentId), {agentId, sessionKey: `agent:${agentId}:x`})
    made.hook('gateway_stop', {reason: 'x'})
    for (const agentId of ['a', 'b']) {
      made.hook('session_end', {sessionId: agentId, sessionKey: `agent:${agentId}:x`, reason: 'shutdown'}, {agentId})
    }
    made.wait(1000)
    assert.deepEqual(statuses(made.events), ['working', 'working', 'offline', 'offline'])
    made.hook('session_start', {sessionId: 'n', sessionKey: 'agent:a:x'}, {agentId: 'a'})
    assert.deepEqual([node(made, 'a').status, node(made, 'b').status], ['working', 'offline'])
  })

  it('stays working while a long reply streams, and comes back with it', () => {
    const made = scene()
    made.stream('lifecycle', {phase: 'start'})
    let text = ''
    for (let piece = 0; piece < 5; piece++) {
      text += 'word '
      assert.deepEqual(statuses(made.wait(20_000)), [])
      made.stream('assistant', {text, itemId: 'i'})
    }
    assert.deepEqual(statuses(made.wait(31_000)), ['idle'])
    assert.deepEqual(statuses(made.stream('assistant', {text: `${text}more`, itemId: 'i'})), ['working'])
  })

  it('counts sessions down as well as up, and is not misled by what trails behind their end', () => {
    const made = scene()
    const count = () => node(made).activeSessionCount
    for (const name of ['one', 'two', 'three']) {
      const own = {agentId: 'main', sessionKey: `agent:main:${name}`, sessionId: name}
      made.hook('session_start', {sessionId: name, sessionKey: own.sessionKey}, own)
    }
    assert.equal(count(), 3)
    const own = {agentId: 'main', sessionKey: 'agent:main:two', sessionId: 'two'}
    made.hook('session_end', {sessionId: 'two', sessionKey: own.sessionKey, messageCount: 1}, own)
    assert.equal(count(), 2)
    made.hook('tool_result_persist', {toolName: 'exec', toolCallId: 'x', message: {}}, own)
    assert.equal(count(), 2)
    made.hook('session_start', {sessionId: 'new', sessionKey: own.sessionKey}, own)
    assert.equal(count(), 3)
  })
})

describe('agent.activity', () => {
  it('says what the agent does, with the ids of the event it is derived from', () => {
    const made = scene()
    made.hook('before_tool_call', exec('1'), ctx)
    const called = the(made.events, 'tool.called')
    const activity = the(made.events, 'agent.activity')
    assert.deepEqual(activity.data, {
      agentId: 'main',
      activity: 'Using Tool',
      activityDetail: 'Calling tool: exec',
      toolName: 'exec',
      toolStatus: 'called',
      sourceEventType: 'tool.called',
    })
    for (const id of ['agentId', 'sessionId', 'sessionKey', 'runId', 'correlationId'] as const) {
      assert.equal(activity[id], called[id], id)
    }
  })

  it('is never made up for an agent that nobody named', () => {
    const made = scene()
    made.hook('before_tool_call', exec('1'), {sessionKey: 'some-key'})
    made.hook('message_received', {from: 'x', content: 'y'}, {channelId: 'c'})
    made.hook('subagent_spawned', {childSessionKey: 'child', runId: 'r'}, {})
    made.wait(1_000_000)
    assert.deepEqual([...new Set(made.events.map(({agentId}) => agentId))], ['system'])
    assert.deepEqual([...new Set(made.events.map(({source}) => source))], ['plugin-hook'])
    assert.deepEqual(made.capture.status(), {agents: []})
  })

  it('is made for an agent that only the session’s key names', () => {
    const made = scene()
    made.hook('message_received', {from: 'x', content: 'y', sessionKey: 'agent:helper:main'}, {channelId: 'c'})
    assert.equal(the(made.events, 'agent.activity').agentId, 'helper')
  })
})

describe('the tree of agents', () => {
  it('shows the tool that runs, the newest first, and none when it ended or was blocked', () => {
    const made = scene()
    made.hook('before_tool_call', exec('1'), ctx)
    made.clock.now += 1000
    made.hook('before_tool_call', {...exec('2'), toolName: 'read'}, ctx)
    assert.deepEqual(node(made).currentTool, {toolName: 'read', since: new Date(start + 1000).toISOString()})
    made.hook('after_tool_call', {...exec('2'), toolName: 'read', result: 1}, ctx)
    assert.equal(node(made).currentTool?.toolName, 'exec')
    const call = {hook: 'before_tool_call', kind: 'plugin-hook', event: exec('1'), ctx} as const
    made.capture.guard(call, {verdict: 'block', ruleId: 'r', source: 'rule'})
    assert.equal(node(made).currentTool, undefined)
    assert.equal(node(made).toolCalls, 2)
  })

  it('forgets what was running when a gateway that was killed starts again', () => {
    const made = scene()
    made.hook('before_tool_call', {toolName: 'exec', params: {}, toolCallId: 'c-1'}, ctx)
    assert.equal(node(made).currentTool?.toolName, 'exec')
    made.hook('gateway_start', {port: 1})
    assert.equal(node(made).currentTool, undefined)
  })

  it('says since when a status holds', () => {
    const made = scene()
    made.hook('before_tool_call', exec('1'), ctx)
    made.clock.now += 10_000
    made.hook('after_tool_call', {...exec('1'), result: 1}, ctx)
    assert.equal(node(made).since, new Date(start).toISOString())
    made.clock.now += 40_000
    assert.deepEqual([node(made).status, node(made).since], ['idle', new Date(start + 40_000).toISOString()])
    made.clock.now += 600_000
    assert.deepEqual([node(made).status, node(made).since], ['sleeping', new Date(start + 610_000).toISOString()])
  })

  it('is the same from the stored events as from the running gateway', async () => {
    const windows = settingsOf().status
    for (const names of [
      ['exec'],
      ['spawn', 'spawn-child'],
      ['parallel'],
      ['error400'],
      ['slow'],
      ['gateway', 'text'],
    ]) {
      const made = played(recording(...names))
      const now = made.clock.now
      assert.deepEqual(await statusFromEvents(made.events, {windows, now}), made.capture.status(), names.join())
    }
  })

  it('is not made from events that were migrated, nor from those without a readable time', async () => {
    const made = scene()
    made.hook('before_tool_call', exec('1'), ctx)
    const [called] = made.events
    const strange = [
      {...called!, source: 'migration'},
      {...called!, timestamp: 'yesterday'},
    ]
    assert.deepEqual(await statusFromEvents(strange, {windows: settingsOf().status, now: start}), {agents: []})
  })
})
