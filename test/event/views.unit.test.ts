import {describe, expect, it} from 'vitest'
import {makeEvent} from '../../src/lib/event/make.ts'
import {toView} from '../../src/lib/event/views.ts'

const called = makeEvent({
  eventId: 'e-1',
  type: 'tool.called',
  agentId: 'a.b *>/ü',
  source: 'plugin-hook',
  timestamp: '2026-11-20T21:00:00.000Z',
  sessionKey: 'agent:main:main',
  runId: 'r-1',
  toolCallId: 't-1',
  seq: 3,
  data: {toolName: 'exec', params: {command: 'ls'}},
  metadata: {model: 'm', channel: 'webchat', other: 1},
})
const ts = Date.UTC(2026, 10, 20, 21)

describe('views', () => {
  it('claw: the event itself', () => {
    expect(toView(called, 'claw')).toBe(called)
  })

  it('openclaw: the event store, with its names for tool events', () => {
    expect(toView(called, 'openclaw')).toEqual({
      id: 'e-1',
      timestamp: ts,
      agent: 'a.b *>/ü',
      session: 'agent:main:main',
      type: 'conversation.tool_call',
      visibility: 'internal',
      payload: {
        runId: 'r-1',
        stream: 'tool',
        data: {toolName: 'exec', params: {command: 'ls'}, toolCallId: 't-1'},
        sessionKey: 'agent:main:main',
        seq: 3,
        ts,
      },
      meta: {runId: 'r-1', seq: 3, model: 'm', channel: 'webchat'},
    })
    for (const type of ['tool.completed', 'tool.error']) {
      expect(toView({...called, type}, 'openclaw')).toMatchObject({type: 'conversation.tool_result'})
    }
    expect(toView({...called, type: 'tool.guard.matched'}, 'openclaw')).toMatchObject({type: 'tool.guard.matched'})
  })

  it('agent-event: stream and phase as the host writes them', () => {
    expect(toView(called, 'agent-event')).toEqual({
      runId: 'r-1',
      seq: 3,
      stream: 'tool',
      ts,
      data: {phase: 'start', name: 'exec', args: {command: 'ls'}, toolCallId: 't-1'},
      sessionKey: 'agent:main:main',
      agentId: 'a.b *>/ü',
    })
    expect(toView({...called, type: 'tool.error', data: {toolName: 'exec', error: 'no'}}, 'agent-event')).toMatchObject(
      {
        stream: 'tool',
        data: {phase: 'result', isError: true, name: 'exec', error: 'no'},
      },
    )
    expect(toView({...called, type: 'lifecycle.end', data: {}}, 'agent-event')).toMatchObject({
      stream: 'lifecycle',
      data: {phase: 'end'},
    })
    expect(toView({...called, type: 'conversation.message.out', data: {text: 'hi'}}, 'agent-event')).toMatchObject({
      stream: 'assistant',
      data: {text: 'hi'},
    })
  })

  it('cloudevents: attributes of letters and digits, a source that is a URI', () => {
    const view = toView(called, 'cloudevents')
    expect(view).toEqual({
      specversion: '1.0',
      id: 'e-1',
      source: '/claw-events/agents/a.b%20*%3E%2F%C3%BC',
      type: 'openclaw.tool.called',
      time: '2026-11-20T21:00:00.000Z',
      datacontenttype: 'application/json',
      agentid: 'a.b *>/ü',
      sessionkey: 'agent:main:main',
      runid: 'r-1',
      toolcallid: 't-1',
      correlationid: 't-1',
      visibility: 'internal',
      eventname: 'tool.called',
      data: {toolName: 'exec', params: {command: 'ls'}},
    })
    expect(toView({...called, timestamp: '2026-11-20T21:00:00+02:00'}, 'cloudevents')).toMatchObject({
      time: '2026-11-20T19:00:00.000Z',
    })
    expect(toView({...called, timestamp: 'yesterday'}, 'cloudevents')).not.toHaveProperty('time')
    for (const name of Object.keys(view)) expect(name).toMatch(/^[a-z0-9]{1,20}$/)
    expect(toView({...called, agentId: '\ud800'}, 'cloudevents')).toHaveProperty('agentid', '\ud800')
  })
})
