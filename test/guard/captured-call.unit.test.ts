import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {type Captured, readCaptured} from '../../src/lib/guard/captured-call.ts'

const read = (value: unknown): Captured =>
  readCaptured(typeof value === 'string' ? value : JSON.stringify(value), '[REDACTED')
const call = (value: unknown) => {
  const captured = read(value)
  assert.ok(captured.kind === 'call', JSON.stringify(captured))
  return captured
}

const event = {
  eventId: '0193-a',
  schemaVersion: '1.2.0',
  timestamp: '2026-11-18T08:00:00.000Z',
  type: 'tool.called',
  eventCategory: 'tool',
  eventName: 'before_tool_call',
  source: 'plugin-hook',
  agentId: 'main',
  sessionKey: 'agent:main:main',
  correlationId: 'c',
  visibility: 'internal',
  data: {toolName: 'exec', params: {command: 'ls'}},
}

describe('captured calls', () => {
  it('are call objects, with the time they may have', () => {
    const {
      call: one,
      at,
      isPartial,
    } = call({toolName: 'exec', params: {command: 'ls'}, agentId: 'a', runId: null, timestamp: 1_700_000_000_000})
    assert.deepEqual(
      {...one},
      {
        toolName: 'exec',
        params: {command: 'ls'},
        agentId: 'a',
        sessionId: undefined,
        sessionKey: undefined,
        runId: undefined,
        toolCallId: undefined,
      },
    )
    assert.equal(at, 1_700_000_000_000)
    assert.equal(isPartial, false)
    assert.equal(
      call({toolName: 'exec', timestamp: '2026-11-18T08:00:00+01:00'}).at,
      Date.parse('2026-11-18T07:00:00Z'),
    )
    assert.equal(call({toolName: 'exec', timestamp: '2026-11-18T08:00:00'}).at, Date.parse('2026-11-18T08:00:00Z'))
    assert.equal(call({toolName: 'exec'}).at, undefined)
  })

  it('are stored tool.called events of any dialect', () => {
    for (const stored of [
      event,
      {...event, position: '12', storedAt: event.timestamp},
      {timestamp: event.timestamp, kind: 'event', event: {...event, schemaVersion: '1.1.0'}},
    ]) {
      const {call: one, at} = call(stored)
      assert.equal(one.toolName, 'exec')
      assert.equal(one.sessionKey, 'agent:main:main')
      assert.deepEqual(one.params, {command: 'ls'})
      assert.equal(at, Date.parse(event.timestamp))
    }
    assert.equal(
      call({
        id: '1',
        ts: 1_700_000_000_000,
        agent: 'main',
        session: 's',
        type: 'tool_call',
        payload: {toolName: 'exec', params: {}},
      }).call.toolName,
      'exec',
    )
  })

  it('keep other events apart, and blank lines', () => {
    assert.equal(read({...event, type: 'tool.completed'}).kind, 'event')
    assert.equal(read('  ').kind, 'blank')
  })

  it('know what was redacted or cut off', () => {
    assert.ok(call({toolName: 'exec', params: {token: '[REDACTED]'}}).isPartial)
    assert.equal(call({...event, data: {toolName: 'exec', params: '[REDACTED]'}}).call.params, '[REDACTED]')
    const cut = {path: '/data/params/command', bytes: 9, sha256: 'x'}
    const {call: one, isPartial} = call({...event, metadata: {truncated: [cut]}})
    assert.ok(isPartial)
    assert.deepEqual(one.params, {command: 'ls[REDACTED'})
  })

  it.each<[unknown, RegExp]>([
    ['{"toolName":', /not JSON/],
    ['5', /expected a call object, found 5/],
    ['null', /found null/],
    ['["a"]', /found a list/],
    [{params: {}}, /toolName is missing/],
    [{toolName: 5}, /toolName: expected a text, found 5/],
    [{toolName: ''}, /toolName: expected a text/],
    [{toolName: 'x', params: [1]}, /params: expected an object, found a list/],
    [{toolName: 'x', params: 'y'}, /params: expected an object, found "y"/],
    [{toolName: 'x', agentId: 5}, /agentId: expected a text, found 5/],
    [{toolName: 'x', timestamp: 'yesterday'}, /timestamp: expected RFC 3339/],
    [{...event, data: {}}, /toolName: expected a text, found nothing/],
  ])('say what is wrong with %j', (value, reason) => {
    const captured = read(value)
    assert.ok(captured.kind === 'fault', JSON.stringify(captured))
    assert.match(captured.error, reason)
  })
})
