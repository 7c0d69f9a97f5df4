import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {ofType, type Scene, scene, start, the, typesOf} from './scene.ts'

const parentKey = 'agent:main:main'
const childKey = 'agent:worker:subagent:c1'
const parent = {runId: 'child-run', childSessionKey: childKey, requesterSessionKey: parentKey}
const child = {agentId: 'worker', sessionKey: childKey, sessionId: 'cs', runId: 'child-run'}

function spawn(made: Scene, rest: object = {}) {
  made.hook('session_start', {sessionId: 's-1', sessionKey: parentKey}, {agentId: 'main', sessionKey: parentKey})
  const event = {
    runId: 'child-run',
    childSessionKey: childKey,
    agentId: 'worker',
    label: 'digger',
    mode: 'run',
    ...rest,
  }
  return made.hook('subagent_spawned', event, parent)
}

const use = (made: Scene, toolCallId: string) =>
  made.hook('before_tool_call', {toolName: 'exec', params: {}, toolCallId, runId: 'child-run'}, child)

const end = (made: Scene) =>
  made.hook(
    'subagent_ended',
    {targetSessionKey: childKey, targetKind: 'subagent', reason: 'swept', runId: 'child-run'},
    parent,
  )

describe('a subagent', () => {
  it('is spawned with the identity of parent and child, once as it is and once as a synthetic event', () => {
    const made = scene()
    const events = spawn(made)
    assert.deepEqual(typesOf(events), ['subagent.spawned', 'agent.sub_agent_spawn', 'agent.activity', 'agent.status'])
    const [spawned, synthetic, , status] = events
    const wanted = {
      parentAgentId: 'main',
      parentSessionId: 's-1',
      parentSessionKey: parentKey,
      childAgentId: 'worker',
      childSessionKey: childKey,
      subagentKey: childKey,
      mode: 'run',
      label: 'digger',
    }
    for (const event of [spawned, synthetic]) {
      assert.deepEqual({...event?.data, ...wanted}, event?.data)
      assert.deepEqual([event?.agentId, event?.sessionKey, event?.correlationId], ['main', parentKey, childKey])
    }
    assert.deepEqual([synthetic?.source, status?.agentId, status?.data['status']], ['synthetic', 'worker', 'working'])
  })

  it('marks its tool events with subagentKey, parentAgentId and parentSessionKey, the guard’s too', () => {
    const made = scene()
    spawn(made)
    use(made, 'c')
    const event = {toolName: 'exec', params: {}, toolCallId: 'c', runId: 'child-run'}
    const call = {hook: 'before_tool_call', kind: 'plugin-hook', event, ctx: child} as const
    made.events.push(...made.capture.guard(call, {verdict: 'allow', ruleId: 'r', source: 'rule'}))
    made.hook('after_tool_call', {...event, result: 1}, child)
    made.hook('tool_result_persist', {...event, message: {}}, child)
    const own = made.events.filter(({type}) => type.startsWith('tool.'))
    assert.equal(own.length, 5)
    for (const {data, agentId} of own) {
      const {subagentKey, parentAgentId, parentSessionKey} = data
      assert.deepEqual(
        {subagentKey, parentAgentId, parentSessionKey, agentId},
        {subagentKey: childKey, parentAgentId: 'main', parentSessionKey: parentKey, agentId: 'worker'},
      )
    }
  })

  it('spawned before this process began is known by its key, and its parent is not made up', () => {
    const made = scene()
    use(made, 'c')
    const {subagentKey, parentAgentId} = the(made.events, 'tool.called').data
    assert.deepEqual([subagentKey, parentAgentId], [childKey, undefined])
  })

  it('at work keeps its parent working', () => {
    const made = scene()
    spawn(made)
    for (let step = 0; step < 10; step++) {
      made.wait(20_000)
      use(made, `c${step}`)
    }
    assert.deepEqual(
      ofType(made.events, 'agent.status').map(({agentId, data}) => [agentId, data['status']]),
      [
        ['main', 'working'],
        ['worker', 'working'],
      ],
    )
    assert.deepEqual(
      ofType(made.wait(31_000), 'agent.status').map(({agentId, data}) => [agentId, data['status']]),
      [
        ['main', 'idle'],
        ['worker', 'idle'],
      ],
    )
    use(made, 'again')
    assert.deepEqual(
      ofType(made.events, 'agent.status')
        .slice(-2)
        .map(({agentId, data}) => [agentId, data['status']]),
      [
        ['worker', 'working'],
        ['main', 'working'],
      ],
    )
  })

  it('that is quiet is idle once, with the real time, and again after it was active', () => {
    const made = scene()
    spawn(made)
    assert.deepEqual(ofType(made.wait(299_999), 'subagent.idle'), [])
    const [idle] = ofType(made.wait(34_001), 'subagent.idle')
    assert.equal(idle?.data['idleForMs'], 334_000)
    assert.deepEqual([idle?.agentId, idle?.sessionKey, idle?.correlationId], ['worker', childKey, childKey])
    const {parentAgentId, parentSessionKey, childAgentId, childSessionKey} = idle!.data
    assert.deepEqual(
      {parentAgentId, parentSessionKey, childAgentId, childSessionKey},
      {parentAgentId: 'main', parentSessionKey: parentKey, childAgentId: 'worker', childSessionKey: childKey},
    )
    assert.deepEqual(ofType(made.wait(600_000), 'subagent.idle'), [])
    use(made, 'c')
    assert.deepEqual(ofType(made.wait(299_999), 'subagent.idle'), [])
    assert.equal(ofType(made.wait(1), 'subagent.idle')[0]?.data['idleForMs'], 300_000)
  })

  it('that is idle is an activity of its parent, which does not wake anybody', () => {
    const made = scene()
    spawn(made)
    made.wait(700_000)
    const activity = ofType(made.events, 'agent.activity').at(-1)
    assert.deepEqual([activity?.agentId, activity?.data['activity']], ['main', 'Subagent Idle'])
    assert.deepEqual(
      made.capture.status().agents.map(({status}) => status),
      ['sleeping', 'sleeping'],
    )
  })

  it('without a known agent is idle without an agent, and no activity is made up', () => {
    const made = scene()
    made.hook(
      'subagent_spawned',
      {childSessionKey: 'opaque', runId: 'r', agentId: 'worker'},
      {childSessionKey: 'opaque'},
    )
    made.events.length = 0
    made.wait(400_000)
    assert.deepEqual(
      made.events.filter(({type}) => type !== 'agent.status').map(({type, agentId}) => [type, agentId]),
      [
        ['subagent.idle', 'worker'],
        ['agent.activity', 'worker'],
      ],
    )
  })

  it('that ended is not idle, is not shown, and its session no longer counts', () => {
    const made = scene()
    spawn(made)
    use(made, 'c')
    const count = () =>
      made.capture.status().agents.map(({agentId, activeSessionCount}) => [agentId, activeSessionCount])
    assert.deepEqual(count(), [
      ['main', 1],
      ['worker', 1],
    ])
    const [ended] = end(made)
    assert.deepEqual(
      [ended?.data['endReason'], ended?.data['reason'], ended?.data['childAgentId']],
      ['swept', 'swept', 'worker'],
    )
    assert.deepEqual(count(), [
      ['main', 1],
      ['worker', 0],
    ])
    made.hook('agent_end', {messages: [], success: true}, child)
    assert.deepEqual(count()[1], ['worker', 0])
    assert.deepEqual(ofType(made.wait(1_000_000), 'subagent.idle'), [])
    assert.deepEqual(made.capture.status().agents[0]?.subagents, [])
  })

  it('is shown below its parent with status, tool and since when, and its own children below it', () => {
    const made = scene()
    spawn(made)
    use(made, 'c')
    const grandchild = 'agent:worker:subagent:c2'
    made.hook(
      'subagent_spawned',
      {childSessionKey: grandchild, runId: 'g', agentId: 'worker'},
      {
        childSessionKey: grandchild,
        requesterSessionKey: childKey,
      },
    )
    made.clock.now += 31_000
    const grandTool = {toolName: 'read', params: {}, toolCallId: 'g', runId: 'g'}
    made.hook('before_tool_call', grandTool, {agentId: 'worker', sessionKey: grandchild, runId: 'g'})
    const [main, worker] = made.capture.status().agents
    assert.equal(main?.status, 'working')
    const [one] = main?.subagents ?? []
    assert.deepEqual(
      {
        key: one?.subagentKey,
        agentId: one?.agentId,
        label: one?.label,
        status: one?.status,
        tool: one?.currentTool?.toolName,
      },
      {key: childKey, agentId: 'worker', label: 'digger', status: 'working', tool: 'exec'},
    )
    const [two] = one?.subagents ?? []
    assert.deepEqual(
      [two?.subagentKey, two?.currentTool],
      [grandchild, {toolName: 'read', since: new Date(start + 31_000).toISOString()}],
    )
    assert.equal(worker?.currentTool, undefined)
  })

  it('of older hosts is announced before it is spawned', () => {
    const made = scene()
    const ctx = {agentId: 'main', sessionKey: parentKey, sessionId: 's-1'}
    const [event] = made.hook('subagent_spawning', {childSessionKey: childKey, agentId: 'worker', mode: 'session'}, ctx)
    assert.deepEqual(
      [event?.type, event?.agentId, event?.sessionId, event?.data['parentAgentId'], event?.data['childAgentId']],
      ['subagent.spawning', 'main', 's-1', 'main', 'worker'],
    )
  })

  it('that is its own ancestor harms nobody', () => {
    const made = scene()
    for (const [key, by] of [
      ['x', 'y'],
      ['y', 'x'],
      ['z', 'z'],
    ]) {
      const ids = {childSessionKey: key, requesterSessionKey: by, agentId: 'main'}
      made.hook('subagent_spawned', {childSessionKey: key, agentId: 'w', runId: `${key}`}, ids)
    }
    made.hook('before_tool_call', {toolName: 'a', params: {}, toolCallId: 't'}, {agentId: 'w', sessionKey: 'x'})
    made.wait(1_000_000)
    assert.ok(made.capture.status().agents.length > 0)
  })
})
