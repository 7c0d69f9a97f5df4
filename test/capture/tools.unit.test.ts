import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import type {Verdict} from '../../src/lib/guard/verdict.ts'
import {
  callOf,
  ctx,
  facts,
  immediateCapture,
  ofType,
  type Scene,
  scene,
  settingsOf,
  start,
  the,
  typesOf,
} from './scene.ts'

const exec = {toolName: 'exec', params: {command: 'ls'}, runId: 'run-1', toolCallId: 'call-1'}
const ended = {...exec, result: {content: [{type: 'text', text: 'a'}]}, durationMs: 5}
const blockedResult = {details: {status: 'blocked', deniedReason: 'plugin-before-tool-call'}}
const persisted = {toolName: 'exec', toolCallId: 'call-1', message: {role: 'toolResult'}, isSynthetic: false}

const block: Verdict = {verdict: 'block', reason: 'no', ruleId: 'r1', source: 'rule'}
const ask: Verdict = {
  verdict: 'ask',
  ruleId: 'r2',
  source: 'rule',
  ask: {title: 'Run ls?', description: 'in the workspace', severity: 'warning'},
}

function judged(made: Scene, event: object, verdict: Verdict) {
  const found = made.capture.guard(callOf('before_tool_call', event, ctx), verdict)
  made.events.push(...found)
  return found
}

function answered(made: Scene, event: object, verdict: Verdict, decision: string) {
  const found = made.capture.approval(callOf('before_tool_call', event, ctx), verdict, decision)
  made.events.push(...found)
  return found
}

describe('a tool call', () => {
  it('is tied by one correlation id from its call to its line in the transcript', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    judged(made, {...exec}, {verdict: 'allow', ruleId: 'r0', source: 'rule'})
    made.hook('after_tool_call', ended, ctx)
    made.hook('tool_result_persist', persisted, {agentId: 'main', sessionKey: ctx.sessionKey, toolCallId: 'call-1'})
    const events = facts(made.events)
    assert.deepEqual(typesOf(events), [
      'tool.called',
      'tool.guard.matched',
      'tool.guard.allowed',
      'tool.completed',
      'tool.result_persist',
    ])
    assert.deepEqual([...new Set(events.map(({correlationId}) => correlationId))], ['run-1:call-1'])
    assert.deepEqual([...new Set(events.map(({runId}) => runId))], ['run-1'])
    assert.deepEqual([...new Set(events.map(({sessionId}) => sessionId))], ['s-1'])
  })

  it('that the guard blocks is called, matched, blocked, and no error though the host reports one', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    judged(made, exec, block)
    made.hook('after_tool_call', {...exec, result: blockedResult, error: 'no'}, ctx)
    made.hook('tool_result_persist', persisted, ctx)
    assert.deepEqual(typesOf(facts(made.events)), [
      'tool.called',
      'tool.guard.matched',
      'tool.guard.blocked',
      'tool.result_persist',
    ])
    const {data} = the(made.events, 'tool.guard.blocked')
    const {params, blockReason, matchedRuleId, decisionSource} = data
    assert.deepEqual(
      {params, blockReason, matchedRuleId, decisionSource},
      {params: {command: 'ls'}, blockReason: 'no', matchedRuleId: 'r1', decisionSource: 'rule'},
    )
    assert.equal(new Set(facts(made.events).map(({correlationId}) => correlationId)).size, 1)
  })

  it('that ran although the guard blocked it is recorded as what it was', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    judged(made, exec, block)
    made.hook('after_tool_call', ended, ctx)
    assert.equal(the(made.events, 'tool.completed').metadata?.['ranThoughBlocked'], true)
  })

  it('that the engine could not judge is blocked without a rule that matched', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    judged(made, exec, {verdict: 'block', reason: 'an internal error', source: 'engine'})
    assert.deepEqual(typesOf(facts(made.events)), ['tool.called', 'tool.guard.blocked'])
  })

  it('makes no guard event where no rule matched', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    assert.deepEqual(judged(made, exec, {verdict: 'allow', source: 'none'}), [])
  })

  it('makes a blocked event for a pause after a block, and matched for what is remembered', () => {
    for (const source of ['backoff', 'cache'] as const) {
      const made = scene()
      made.hook('before_tool_call', exec, ctx)
      assert.deepEqual(typesOf(judged(made, exec, {verdict: 'block', source})), [
        'tool.guard.matched',
        'tool.guard.blocked',
      ])
    }
  })

  it('that is rewritten keeps original params when called, the patch when allowed, effective ones when completed', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    judged(made, exec, {verdict: 'rewrite', ruleId: 'r', source: 'rule', params: {command: 'pwd'}})
    made.hook('after_tool_call', {...ended, params: {command: 'pwd'}}, ctx)
    const params = (type: string) => the(made.events, type).data['params']
    assert.deepEqual(params('tool.called'), {command: 'ls'})
    assert.deepEqual(params('tool.guard.matched'), {command: 'ls'})
    assert.deepEqual(params('tool.guard.allowed'), {command: 'pwd'})
    assert.deepEqual(params('tool.completed'), {command: 'pwd'})
  })

  it('that a person approves is asked about, answered, allowed and completed under one correlation', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    judged(made, exec, ask)
    answered(made, exec, ask, 'allow-once')
    made.hook('after_tool_call', ended, ctx)
    const events = facts(made.events)
    assert.deepEqual(typesOf(events), [
      'tool.called',
      'tool.guard.matched',
      'approval.requested',
      'approval.resolved',
      'tool.guard.allowed',
      'tool.completed',
    ])
    assert.equal(new Set(events.map(({correlationId}) => correlationId)).size, 1)
    const {title, description, severity} = the(events, 'approval.requested').data
    assert.deepEqual({title, description, severity}, ask.ask)
    assert.equal(the(events, 'approval.resolved').data['decision'], 'allow-once')
  })

  it('that a person denies, or lets time out, is blocked and no error', () => {
    for (const decision of ['deny', 'timeout', 'cancelled']) {
      const made = scene()
      made.hook('before_tool_call', exec, ctx)
      judged(made, exec, ask)
      answered(made, exec, ask, decision)
      made.hook('after_tool_call', {...exec, result: {details: {status: 'error'}}, error: 'Denied by user.'}, ctx)
      assert.deepEqual(typesOf(facts(made.events)).slice(3), ['approval.resolved', 'tool.guard.blocked'])
    }
  })

  it("hides in guard events what the policy's redaction names, and nowhere else", () => {
    const hideParams = (params: unknown) => ({...(params as object), command: '[REDACTED]'})
    const made = scene({}, {hideParams})
    made.hook('before_tool_call', exec, ctx)
    judged(made, exec, block)
    const shown = facts(made.events).map(({data}) => (data['params'] as {command: string}).command)
    assert.deepEqual(shown, ['ls', '[REDACTED]', '[REDACTED]'])
  })

  it('in a dry run only matches, and says what would have been', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    const events = judged(made, exec, {verdict: 'allow', would: 'block', reason: 'no', ruleId: 'r1', source: 'rule'})
    assert.deepEqual(typesOf(events), ['tool.guard.matched'])
    assert.equal(events[0]?.data['would'], 'block')
  })

  it('keeps what the guard judged where other plugins changed it before', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    judged(made, {...exec, params: {command: 'ls -l'}}, block)
    assert.deepEqual(the(made.events, 'tool.called').data['params'], {command: 'ls'})
    assert.deepEqual(the(made.events, 'tool.guard.blocked').data['params'], {command: 'ls -l'})
  })

  it('has the time at which the host called, also when it was told later', () => {
    const made = scene()
    const times = [start - 500, start + 1e9, Number.NaN].map((at, index) => {
      const call = callOf('before_tool_call', {...exec, toolCallId: `${index}`}, ctx)
      return the(made.capture.hook({...call, at}), 'tool.called').timestamp
    })
    const now = new Date(start).toISOString()
    assert.deepEqual(times, [new Date(start - 500).toISOString(), now, now])
  })

  it('is as it was when it was told, whatever becomes of the host’s object', () => {
    const made = scene()
    const event = {...exec, params: {command: 'ls', list: [1]}}
    made.hook('before_tool_call', event, ctx)
    event.params.command = 'changed'
    event.params.list.push(2)
    assert.deepEqual(the(made.events, 'tool.called').data['params'], {command: 'ls', list: [1]})
  })
})

describe('calls that are told of more than once', () => {
  it('are recorded once, from however many registrations: the same object', () => {
    const made = scene()
    for (const [hook, event] of [
      ['before_tool_call', {...exec}],
      ['after_tool_call', {...ended}],
      ['tool_result_persist', {...persisted}],
      ['gateway_start', {port: 1}],
    ] as const) {
      for (let copy = 0; copy < 3; copy++) made.hook(hook, event, ctx)
    }
    assert.deepEqual(typesOf(facts(made.events)), [
      'tool.called',
      'tool.completed',
      'tool.result_persist',
      'gateway.start',
    ])
    assert.equal(made.capture.counters().copies, 8)
  })

  it('are recorded once, from however many registrations: an object of its own for each', () => {
    const made = scene()
    for (let copy = 0; copy < 3; copy++) made.hook('before_tool_call', {...exec}, ctx)
    for (let copy = 0; copy < 3; copy++) made.hook('after_tool_call', {...ended}, ctx)
    for (let copy = 0; copy < 3; copy++) made.hook('tool_result_persist', {...persisted}, ctx)
    assert.deepEqual(typesOf(facts(made.events)), ['tool.called', 'tool.completed', 'tool.result_persist'])
  })

  it('are recorded once also where they are model calls or children, with all that the host says of them', () => {
    const made = scene()
    const memory = {rssBytes: 1, heapUsedBytes: 2}
    for (let copy = 0; copy < 2; copy++) {
      made.hook('model_call_started', {runId: 'run-1', callId: 'run-1:model:1', model: 'm'}, ctx)
      made.hook('model_call_ended', {runId: 'run-1', callId: 'run-1:model:1', outcome: 'error', memory}, ctx)
      made.hook('subagent_spawned', {childSessionKey: 'c', runId: 'r', agentId: 'main'}, ctx)
      made.hook('subagent_ended', {targetSessionKey: 'c', runId: 'r', reason: 'deleted'}, ctx)
    }
    made.hook('model_call_started', {runId: 'run-1', callId: 'run-1:model:2', model: 'm'}, ctx)
    assert.deepEqual(typesOf(facts(made.events)), [
      'model.call.started',
      'model.call.ended',
      'subagent.spawned',
      'subagent.ended',
      'model.call.started',
    ])
    assert.deepEqual(the(made.events, 'model.call.ended').data['memory'], memory)
  })

  it('are calls of their own where a provider uses an id again', () => {
    const made = scene()
    for (let turn = 0; turn < 3; turn++) {
      made.hook('before_tool_call', {...exec}, ctx)
      made.hook('after_tool_call', {...ended}, ctx)
      made.hook('tool_result_persist', {...persisted}, ctx)
    }
    made.hook('before_tool_call', {...exec, runId: 'run-2'}, {...ctx, runId: 'run-2'})
    const calls = ofType(made.events, 'tool.called').map(({correlationId}) => correlationId)
    assert.deepEqual(calls, ['run-1:call-1', 'run-1:call-1#1', 'run-1:call-1#2', 'run-2:call-1'])
    assert.deepEqual(
      ofType(made.events, 'tool.completed').map(({correlationId}) => correlationId),
      calls.slice(0, 3),
    )
    assert.equal(ofType(made.events, 'tool.result_persist').length, 3)
  })

  it('go on after a reload with a capture of its own: their end finds the same correlation', () => {
    const before = scene()
    before.hook('before_tool_call', exec, ctx)
    const after = immediateCapture({settings: settingsOf(), now: () => start})
    const [completed] = after.hook(callOf('after_tool_call', ended, ctx))
    assert.equal(completed?.correlationId, the(before.events, 'tool.called').correlationId)
  })
})

describe('calls without an id', () => {
  const a = {toolName: 'read', params: {path: 'a'}}
  const b = {toolName: 'exec', params: {command: 'b'}}

  it('are not confused when two run at once in one context', () => {
    const made = scene()
    const shared = {...ctx}
    made.hook('before_tool_call', {...a}, shared)
    made.hook('before_tool_call', {...b}, shared)
    made.hook('after_tool_call', {...a, result: 'A'}, shared)
    made.hook('after_tool_call', {...b, result: 'B'}, shared)
    const [calledA, calledB] = ofType(made.events, 'tool.called')
    const [endA, endB] = ofType(made.events, 'tool.completed')
    assert.notEqual(calledA?.correlationId, calledB?.correlationId)
    assert.deepEqual([endA?.correlationId, endB?.correlationId], [calledA?.correlationId, calledB?.correlationId])
    assert.deepEqual([endA?.data['toolName'], endB?.data['toolName']], ['read', 'exec'])
  })

  it('are told apart by their params when both are of one tool, whatever order they end in', () => {
    const made = scene()
    const [first, second] = [b, {...b, params: {command: 'c'}}]
    made.hook('before_tool_call', {...first}, ctx)
    made.hook('before_tool_call', {...second}, ctx)
    made.hook('after_tool_call', {...second, result: 2}, ctx)
    made.hook('after_tool_call', {...first, result: 1}, ctx)
    const called = ofType(made.events, 'tool.called').map(({correlationId}) => correlationId)
    assert.deepEqual(
      ofType(made.events, 'tool.completed').map(({correlationId}) => correlationId),
      called.toReversed(),
    )
  })

  it('are found again by the params that the guard gave them', () => {
    const made = scene()
    const [first, second] = [{...b}, {...b, params: {command: 'c'}}]
    made.hook('before_tool_call', first, ctx)
    made.hook('before_tool_call', second, ctx)
    judged(made, first, {verdict: 'rewrite', ruleId: 'r', source: 'rule', params: {command: 'x'}})
    made.hook('after_tool_call', {...b, params: {command: 'x'}, result: 1}, ctx)
    const [called] = ofType(made.events, 'tool.called')
    assert.equal(the(made.events, 'tool.completed').correlationId, called?.correlationId)
  })

  it('end as nobody’s where two could be meant: less is said, but nothing false', () => {
    const made = scene()
    made.hook('before_tool_call', {...b}, ctx)
    made.hook('before_tool_call', {...b, params: {command: 'c'}}, ctx)
    made.hook('after_tool_call', {...b, params: {command: 'neither'}, result: 1}, ctx)
    const completed = the(made.events, 'tool.completed')
    assert.equal(completed.metadata?.['isUnpaired'], true)
    assert.ok(ofType(made.events, 'tool.called').every(({correlationId}) => correlationId !== completed.correlationId))
  })

  it('are judged as themselves', () => {
    const made = scene()
    const [first, second] = [{...b}, {...b}]
    made.hook('before_tool_call', first, ctx)
    made.hook('before_tool_call', second, ctx)
    judged(made, second, block)
    const [, calledSecond] = ofType(made.events, 'tool.called')
    assert.equal(the(made.events, 'tool.guard.blocked').correlationId, calledSecond?.correlationId)
  })
})

describe('tool events of the stream', () => {
  const called = {phase: 'start', name: 'exec', toolCallId: 'call-1', args: {command: 'ls'}}
  const result = {phase: 'result', name: 'exec', toolCallId: 'call-1', isError: false, result: {content: []}}
  const end = {phase: 'end', stopReason: 'stop', aborted: false}

  it('make nothing where hooks tell of the call, though the stream speaks first', () => {
    const made = scene()
    made.stream('lifecycle', {phase: 'start'})
    made.stream('tool', called)
    made.hook('before_tool_call', exec, ctx)
    made.stream('tool', {phase: 'update', toolCallId: 'call-1'})
    made.stream('tool', result)
    made.hook('after_tool_call', ended, ctx)
    made.stream('lifecycle', end)
    made.wait(60_000)
    assert.deepEqual(typesOf(facts(made.events)), ['lifecycle.start', 'tool.called', 'tool.completed', 'lifecycle.end'])
  })

  it('make conversation.tool_call and tool_result where no hook told of the call', () => {
    const made = scene()
    made.stream('tool', called)
    made.stream('tool', {...result, isError: true, result: {details: {error: 'gone'}}})
    made.stream('lifecycle', end)
    const [call, answer] = facts(made.events)
    assert.deepEqual(typesOf(facts(made.events)), [
      'conversation.tool_call',
      'conversation.tool_result',
      'lifecycle.end',
    ])
    assert.deepEqual([call?.data['toolName'], call?.data['params']], ['exec', {command: 'ls'}])
    assert.equal(call?.correlationId, answer?.correlationId)
    assert.deepEqual([call?.stream, call?.seq, answer?.seq], ['tool', 1, 2])
  })

  it('make them in time when nothing ends the run', () => {
    const made = scene()
    made.stream('tool', called)
    assert.deepEqual(typesOf(facts(made.wait(10_000))), [])
    assert.deepEqual(typesOf(facts(made.wait(25_000))), ['conversation.tool_call'])
    made.stream('tool', result)
    assert.deepEqual(typesOf(facts(made.wait(10_000))), ['conversation.tool_result'])
  })

  it('make the call that another plugin blocked before our hook', () => {
    const made = scene()
    made.stream('tool', called)
    made.stream('tool', {...result, isError: true})
    made.hook('after_tool_call', {...exec, result: blockedResult, error: 'theirs'}, ctx)
    made.hook('tool_result_persist', persisted, {agentId: 'main', sessionKey: ctx.sessionKey})
    made.stream('lifecycle', end)
    const events = facts(made.events)
    assert.deepEqual(typesOf(events), ['tool.called', 'tool.error', 'tool.result_persist', 'lifecycle.end'])
    assert.equal(new Set(events.slice(0, 3).map(({correlationId}) => correlationId)).size, 1)
    assert.deepEqual(events[0]?.data['params'], {command: 'ls'})
  })

  it('end a call whose second hook never comes', () => {
    const made = scene()
    made.hook('before_tool_call', exec, ctx)
    made.stream('tool', called)
    made.stream('tool', result)
    made.stream('lifecycle', end)
    const events = facts(made.events)
    assert.deepEqual(typesOf(events), ['tool.called', 'tool.completed', 'lifecycle.end'])
    assert.equal(events[0]?.correlationId, events[1]?.correlationId)
    assert.deepEqual(made.hook('after_tool_call', ended, ctx), [])
  })

  it('link inner calls to the outer one by what the stream says', () => {
    const made = scene()
    made.stream('tool', {...called, toolCallId: 'inner', parentToolCallId: 'outer'})
    made.stream('lifecycle', end)
    assert.equal(the(made.events, 'conversation.tool_call').data['parentToolCallId'], 'outer')
  })
})
