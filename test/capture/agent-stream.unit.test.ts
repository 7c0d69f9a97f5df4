import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {ctx, facts, ofType, scene, session, start, the, typesOf} from './scene.ts'

const payload = (seq: number, stream: string, data: object, rest: object = {}) => ({
  runId: 'run-1',
  seq,
  stream,
  ts: start + seq,
  data,
  ...session,
  ...rest,
})

describe('agent events', () => {
  it('keep stream, sequence, time and phase', () => {
    const made = scene()
    const [event] = made.capture.agentEvent(
      payload(7, 'lifecycle', {phase: 'start', startedAt: start}, {ts: start - 3}),
    )
    assert.deepEqual(
      [event?.type, event?.eventName, event?.source, event?.stream, event?.seq, event?.timestamp],
      ['lifecycle.start', 'lifecycle:start', 'agent-event', 'lifecycle', 7, new Date(start - 3).toISOString()],
    )
  })

  it('are recorded once for each run and sequence, in whatever way copies are mixed', () => {
    const made = scene()
    for (const seq of [1, 1, 2, 2, 1, 3, 2, 3])
      made.events.push(...made.capture.agentEvent(payload(seq, 'plan', {n: seq})))
    assert.deepEqual(
      facts(made.events).map(({seq}) => seq),
      [1, 2, 3],
    )
    assert.equal(made.capture.counters().copies, 5)
  })

  it('of a run that begins again under its old id are new', () => {
    const made = scene()
    const feed = (seq: number, data: object, ts: number) =>
      made.events.push(...made.capture.agentEvent(payload(seq, 'lifecycle', data, {ts})))
    made.clock.now = start + 10_000
    for (const from of [start, start + 5000]) {
      feed(1, {phase: 'start'}, from)
      feed(2, {phase: 'end'}, from + 10)
      feed(2, {phase: 'end'}, from + 10)
    }
    assert.deepEqual(typesOf(facts(made.events)), [
      'lifecycle.start',
      'lifecycle.end',
      'lifecycle.start',
      'lifecycle.end',
    ])
  })

  it('start and end a run once, whatever the host repeats', () => {
    const made = scene()
    for (const data of [
      {phase: 'start'},
      {phase: 'start'},
      {phase: 'model', model: 'm'},
      {phase: 'finishing'},
      {phase: 'end', aborted: true, status: 'cancelled'},
      {phase: 'error', aborted: true, error: 'aborted'},
      {phase: 'end'},
    ]) {
      made.stream('lifecycle', data)
    }
    assert.deepEqual(typesOf(facts(made.events)), ['lifecycle.start', 'lifecycle.end'])
  })

  it('tell of a second attempt after a failed one', () => {
    const made = scene()
    for (const data of [
      {phase: 'start'},
      {phase: 'error', error: 'overloaded'},
      {phase: 'fallback_step', fallbackStepFinalOutcome: 'next'},
      {phase: 'start'},
      {phase: 'end'},
    ]) {
      made.stream('lifecycle', data)
    }
    assert.deepEqual(typesOf(facts(made.events)), [
      'lifecycle.start',
      'lifecycle.error',
      'model.fallback',
      'lifecycle.start',
      'lifecycle.end',
    ])
    assert.equal(the(made.events, 'lifecycle.error').error?.message, 'overloaded')
  })

  it('that say what others say make nothing', () => {
    const made = scene()
    for (const stream of ['usage', 'item', 'command_output', 'compaction']) {
      assert.deepEqual(facts(made.stream(stream, {phase: 'end', outputTokens: 3})), [], stream)
    }
    assert.equal(made.capture.counters().folded, 4)
  })

  it('of unknown streams are kept under names that are theirs', () => {
    const made = scene()
    const types = ['plan', 'patch', 'my stream', 'deploy.finished', 'tool.called', 'memory.section'].map(
      (stream) => facts(made.stream(stream, {note: 'x'}))[0]?.type,
    )
    assert.deepEqual(types, [
      'agent.plan',
      'agent.patch',
      'agent.my_stream',
      'deploy.finished',
      'agent.tool.called',
      'agent.memory.section',
    ])
  })

  it('of the host’s approvals are recorded, those of the guard’s own only by its verdict', () => {
    const made = scene()
    made.stream('approval', {phase: 'requested', toolCallId: 'host-1'})
    made.stream('approval', {phase: 'resolved', toolCallId: 'host-1', decision: 'deny'})
    const event = {toolName: 'exec', params: {}, toolCallId: 'ours', runId: 'run-1'}
    made.hook('before_tool_call', event, ctx)
    const call = {hook: 'before_tool_call', kind: 'plugin-hook', event, ctx} as const
    made.events.push(...made.capture.guard(call, {verdict: 'ask', ruleId: 'r', source: 'rule'}))
    made.stream('approval', {phase: 'requested', toolCallId: 'ours'})
    assert.deepEqual(
      ofType(made.events, 'approval.requested').map(({toolCallId, source}) => [toolCallId, source]),
      [
        ['host-1', 'agent-event'],
        ['ours', 'plugin-hook'],
      ],
    )
    assert.equal(ofType(made.events, 'approval.resolved').length, 1)
  })

  it('without a session take it from their run, and without an agent from the session’s key', () => {
    const made = scene()
    made.capture.agentEvent({
      runId: 'r',
      seq: 1,
      stream: 'lifecycle',
      ts: start,
      data: {phase: 'start'},
      sessionKey: 'agent:bot:x',
    })
    const [event] = made.capture.agentEvent({runId: 'r', seq: 2, stream: 'plan', ts: start, data: {}})
    assert.deepEqual([event?.agentId, event?.sessionKey], ['bot', 'agent:bot:x'])
  })

  it('of nobody belong to the system, and nothing is derived from them', () => {
    const made = scene()
    const events = made.capture.agentEvent({runId: 'r', seq: 1, stream: 'lifecycle', ts: start, data: {phase: 'start'}})
    assert.deepEqual(
      events.map(({type, agentId}) => [type, agentId]),
      [['lifecycle.start', 'system']],
    )
    assert.deepEqual(made.capture.status(), {agents: []})
  })

  it('that are none are counted', () => {
    const made = scene()
    const nothings = [
      undefined,
      null,
      1,
      'x',
      [],
      {},
      {stream: 'tool'},
      {stream: '', data: {}},
      {stream: 'x', data: []},
    ]
    for (const nothing of nothings) assert.deepEqual(made.capture.agentEvent(nothing), [])
    assert.equal(made.capture.counters().unreadable, nothings.length)
  })

  it('have a time that can be true', () => {
    const made = scene()
    const times = [start - 1000, start + 99_999_999, 0, -1, Number.NaN, '2026-11-20T20:59:00Z', undefined].map(
      (ts, index) => made.capture.agentEvent(payload(index + 1, 'plan', {}, {ts}))[0]?.timestamp,
    )
    const now = new Date(start).toISOString()
    assert.deepEqual(times, [new Date(start - 1000).toISOString(), now, now, now, now, '2026-11-20T20:59:00.000Z', now])
  })
})
