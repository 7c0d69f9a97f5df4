import assert from 'node:assert/strict'
import {readdirSync} from 'node:fs'
import {describe, it} from 'vitest'
import {facts, ofType, played, recording, the, typesOf} from './scene.ts'

/** A turn of the recorded gateway up to the model's first answer. Its plugin held replies back until they were whole. */
const opening = [
  'message.received',
  'message.preprocessed',
  'session.start',
  'conversation.message.in',
  'agent.run_status',
  'agent.run_status',
  'agent.run_status',
  'agent.before_model_resolve',
  'agent.run_status',
  'agent.bootstrap',
  'agent.before_prompt_build',
  'agent.llm_input',
  'lifecycle.start',
  'agent.run_status',
  'model.call.started',
  'model.call.ended',
]
const modelCall = ['model.call.started', 'model.call.ended']
const call = ['tool.called', 'tool.completed', 'tool.result_persist']
const failedCall = ['tool.called', 'tool.error', 'tool.result_persist']
const closing = ['conversation.message.out', 'agent.end', 'agent.llm_output', 'lifecycle.end', 'message.sending']
const shutdown = ['session.end']

const turns: Record<string, string[]> = {
  exec: [...opening, ...call, ...modelCall, ...closing],
  rewrite: [...opening, ...call, ...modelCall, ...closing, ...shutdown],
  approve: [...opening, ...call, ...modelCall, ...closing, ...shutdown],
  approvedeny: [...opening, ...failedCall, ...modelCall, ...closing, ...shutdown],
  block: [...opening, ...failedCall, ...modelCall, ...closing, ...shutdown],
  throwhook: [...opening, ...failedCall, ...modelCall, ...closing, ...shutdown],
  toolfail: [...opening, ...failedCall, ...modelCall, ...closing, ...shutdown],
  read: [...opening, ...call, ...modelCall, ...closing],
}

function factTypes(name: string): string[] {
  return typesOf(facts(played(recording(name)).events))
}

describe('what a recorded gateway told', () => {
  for (const [name, types] of Object.entries(turns)) {
    it(`makes each fact once and in order: ${name}`, () => {
      assert.deepEqual(factTypes(name).slice(0, types.length), types)
    })
  }

  it('makes each fact of two parallel calls once, tied by its own correlation', () => {
    const {events} = played(recording('parallel'))
    const calls = ofType(events, 'tool.called')
    assert.deepEqual(
      calls.map(({data}) => (data['params'] as {command: string}).command),
      ['echo par-one', 'echo par-two'],
    )
    for (const {correlationId, toolCallId} of calls) {
      const own = facts(events).filter((event) => event.correlationId === correlationId)
      assert.deepEqual(typesOf(own), call)
      assert.deepEqual([...new Set(own.map((event) => event.toolCallId))], [toolCallId])
    }
  })

  it('ends an aborted run once, as what it was', () => {
    const {events} = played(recording('slow'))
    assert.deepEqual(the(events, 'lifecycle.end').data['aborted'], true)
    assert.equal(ofType(events, 'lifecycle.error').length, 0)
    assert.equal(ofType(events, 'conversation.message.out').length, 0)
  })

  it('ends a failed run once, with its error, though the host calls the turn a success', () => {
    for (const name of ['error400', 'error401']) {
      const {events} = played(recording(name))
      assert.match(the(events, 'lifecycle.error').error?.message ?? '', /\w/)
      assert.equal(ofType(events, 'lifecycle.end').length, 0)
      const end = the(events, 'agent.end')
      assert.deepEqual([end.data['success'], end.data['lastStopReason']], [true, 'error'])
    }
  })

  it('keeps original params in tool.called and effective ones in tool.completed', () => {
    const {events} = played(recording('rewrite'))
    assert.deepEqual(the(events, 'tool.called').data['params'], {command: 'echo REWRITEME'})
    assert.deepEqual(the(events, 'tool.completed').data['params'], {command: 'echo rewritten-by-plugin'})
  })

  it('says of a call that another plugin blocked that it was blocked', () => {
    const {events} = played(recording('block'))
    const error = the(events, 'tool.error')
    assert.equal(error.error?.kind, 'blocked')
    assert.equal(error.error?.message, 'claw-probe policy: BLOCKME is not allowed')
    assert.equal(the(played(recording('toolfail')).events, 'tool.error').error?.kind, 'tool')
  })

  it('links an inner call of tool search to the outer one, and counts it once', () => {
    const {events, capture} = played(recording('indirect-toolsearch'))
    const [outer, inner] = ofType(events, 'tool.called')
    assert.equal(outer?.metadata?.['isOuterCall'], true)
    assert.equal(inner?.data['toolName'], 'session_status')
    assert.equal(inner?.data['parentToolCallId'], outer?.toolCallId)
    assert.notEqual(inner?.correlationId, outer?.correlationId)
    assert.deepEqual(
      ofType(events, 'tool.completed').map(({correlationId}) => correlationId),
      [inner?.correlationId, outer?.correlationId],
    )
    assert.equal(capture.status().agents[0]?.toolCalls, 1)
  })

  it('tells of a spawned child with its parent, in its own runs, and of the run that announces it', () => {
    const {events} = played(recording('spawn', 'spawn-child'))
    const spawned = the(events, 'subagent.spawned')
    const key = spawned.data['childSessionKey']
    const lineage = {parentAgentId: 'main', parentSessionKey: 'agent:main:spawn', childAgentId: 'main'}
    assert.deepEqual(pick(spawned.data, lineage), lineage)
    assert.equal(the(events, 'agent.sub_agent_spawn').data['childSessionKey'], key)
    const ended = the(events, 'subagent.ended')
    assert.deepEqual(pick(ended.data, lineage), lineage)
    assert.deepEqual([ended.data['endReason'], ended.data['reason']], ['completed', 'subagent-complete'])
    const childCall = ofType(events, 'tool.called').find(({sessionKey}) => sessionKey === key)
    const marks = {subagentKey: key, parentAgentId: 'main', parentSessionKey: 'agent:main:spawn'}
    assert.deepEqual(pick(childCall!.data, marks), marks)
    assert.equal(ofType(events, 'lifecycle.start').length, 3)
    assert.equal(ofType(events, 'lifecycle.end').length, 3)
    assert.equal(ofType(events, 'conversation.message.out').length, 3)
    assert.equal(ofType(events, 'conversation.message.in').length, 3)
  })

  it('knows the owner where the host does', () => {
    const {events} = played(recording('spawn', 'spawn-child'))
    const owners = ofType(events, 'conversation.message.in').map(({metadata}) => metadata?.['senderIsOwner'])
    assert.deepEqual(owners, [true, false, undefined])
  })

  it('takes every copy of an agent event for what it is', () => {
    const once = played(recording('exec'))
    const twice = played(recording('exec-undeduped'))
    assert.deepEqual(typesOf(twice.events), typesOf(once.events))
    assert.equal(twice.capture.counters().copies, 44)
  })

  it('tells of the gateway itself without an agent, and of its end as the end of every agent', () => {
    const made = played(recording('gateway', 'gateway-shutdown', 'text'))
    const gateway = made.events.filter(({type}) => /^(gateway|cron)\./.test(type))
    assert.deepEqual(typesOf(gateway), [
      'gateway.startup',
      'gateway.start',
      'cron.changed',
      'cron.changed',
      'cron.reconciled',
      'gateway.shutdown',
      'gateway.stop',
    ])
    assert.deepEqual(
      gateway.map(({agentId, sessionKey}) => [agentId, sessionKey]),
      ['system', 'system', 'main', 'main', 'system', 'system', 'system'].map((agentId) => [agentId, undefined]),
    )
    const last = ofType(made.events, 'agent.status').at(-1)
    assert.deepEqual([last?.agentId, last?.data['status']], ['main', 'offline'])
    // The host ends its sessions after that; they do not bring the agent back.
    assert.equal(made.events.at(-1)?.data['sourceEventType'], 'session.end')
    assert.equal(made.capture.status().agents[0]?.status, 'offline')
  })

  it('never stores the configuration of the host', () => {
    for (const name of allRecordings()) {
      const text = JSON.stringify(played(recording(name), {privacy: {payloadMode: 'full'}}).events)
      assert.doesNotMatch(text, /"(cfg|config|pluginConfig|deps)":/, name)
    }
  })

  it('makes nothing of two facts, and loses none: every id is new, nothing is unreadable', () => {
    for (const name of allRecordings()) {
      const {events, capture} = played(recording(name))
      assert.equal(new Set(events.map(({eventId}) => eventId)).size, events.length)
      assert.equal(capture.counters().unreadable, 0, name)
      assert.equal(capture.counters().events, events.length)
    }
  })
})

function allRecordings(): string[] {
  const files = readdirSync(new URL('../fixtures/openclaw', import.meta.url))
  return files.filter((name) => name.endsWith('.ndjson')).map((name) => name.replace('.ndjson', ''))
}

function pick(data: Record<string, unknown>, like: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, data[key]]))
}
