import assert from 'node:assert/strict'
import {setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'
import {describe, it} from 'vitest'
import {emptyStatus, stateLimits} from '../../src/lib/capture/agent-state.ts'
import {createCalls} from '../../src/lib/capture/calls.ts'
import {createDirectory, memoryLimits} from '../../src/lib/capture/memory.ts'
import {reduce} from '../../src/lib/capture/status.ts'
import {callOf, scene, settingsOf, start} from './scene.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is reachable, in megabytes. */
function heapMb(): number {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

describe('memory', () => {
  it('does not grow with 10 000 ended sessions, and none of them counts', () => {
    const {capture, clock} = scene()
    const run = (from: number, to: number) => {
      for (let index = from; index < to; index++) {
        clock.now += 100
        const ids = {agentId: 'main', sessionKey: `agent:main:${index}`, sessionId: `s-${index}`}
        capture.hook(callOf('session_start', {sessionId: ids.sessionId, sessionKey: ids.sessionKey}, ids))
        capture.hook(callOf('session_end', {sessionId: ids.sessionId, sessionKey: ids.sessionKey}, ids))
      }
    }
    // What is remembered of sessions is full after this.
    run(0, memoryLimits.sessions)
    const before = heapMb()
    run(memoryLimits.sessions, 2 * memoryLimits.sessions)
    const after = heapMb()
    assert.ok(after - before < 1, `${before} MB became ${after} MB`)
    assert.equal(capture.status().agents[0]?.activeSessionCount, 0)
  })

  it('does not grow with 100 000 calls of which half are blocked and never end', () => {
    const {capture, clock} = scene()
    const ctx = {agentId: 'main', sessionKey: 'agent:main:x', runId: 'r'}
    const run = (from: number, to: number) => {
      for (let index = from; index < to; index++) {
        clock.now += 1
        const event = {toolName: 'exec', params: {index}, toolCallId: `c-${index}`, runId: 'r'}
        const call = callOf('before_tool_call', event, ctx)
        capture.hook(call)
        if (index % 2 === 0) capture.guard(call, {verdict: 'block', ruleId: 'r', source: 'rule'})
        else capture.hook(callOf('after_tool_call', {...event, result: 1}, ctx))
      }
    }
    run(0, 40_000)
    const before = heapMb()
    run(40_000, 100_000)
    const after = heapMb()
    assert.ok(after - before < 3, `${before} MB became ${after} MB`)
    assert.equal(capture.status().agents[0]?.currentTool, undefined)
    assert.equal(capture.status().agents[0]?.toolCalls, 100_000)
  })

  it('keeps what is going on: a call is found again after thousands of others', () => {
    const calls = createCalls()
    const host = (id: string) => ({ids: {runId: 'r', toolCallId: id}, event: {}, at: start}) as never
    const first = calls.begin(host('first'), 'exec', {})
    for (let index = 0; index < memoryLimits.calls / 2 - 2; index++) calls.begin(host(`c-${index}`), 'exec', {})
    assert.equal(calls.byId({runId: 'r', toolCallId: 'first'}), first)
  })

  it('holds at most so many calls without an id, in each run', () => {
    const calls = createCalls()
    const begun = Array.from({length: 500}, (_, index) =>
      calls.begin({ids: {runId: 'r'}, event: {}, at: start} as never, 'exec', {index}),
    )
    const find = (index: number) => calls.find({ids: {runId: 'r'}, event: {}, at: start} as never, 'exec', {index})
    assert.equal(find(499), begun[499])
    assert.equal(find(10), undefined)
  })

  it('of agents, sessions, subagents and tools has a limit each, and forgets the quietest', () => {
    const state = emptyStatus(settingsOf().status)
    const at = (index: number) => new Date(start + index).toISOString()
    for (let index = 0; index < 30_000; index++) {
      const agentId = `a-${index % 5000}`
      const base = {source: 'plugin-hook', agentId, timestamp: at(index), correlationId: `c-${index}`} as never
      reduce(state, {
        ...(base as object),
        type: 'tool.called',
        eventCategory: 'tool',
        sessionKey: `k-${index}`,
        data: {toolName: 'x'},
      } as never)
      reduce(state, {
        ...(base as object),
        type: 'subagent.spawned',
        eventCategory: 'subagent',
        data: {childSessionKey: `k-${index}`, childAgentId: agentId},
      } as never)
    }
    assert.ok(state.agents.size <= stateLimits.agents)
    assert.ok(state.sessions.size <= stateLimits.sessions)
    assert.ok(state.subagents.size <= stateLimits.subagents)
    assert.ok(state.sessions.has('k-29999') && state.subagents.has('k-29999'))
    for (let index = 0; index < 1000; index++) {
      const event = {source: 'plugin-hook', agentId: 'b', timestamp: at(40_000 + index), correlationId: `t-${index}`}
      reduce(state, {
        ...event,
        type: 'tool.called',
        eventCategory: 'tool',
        sessionKey: 'one',
        data: {toolName: 'x'},
      } as never)
    }
    assert.equal(state.sessions.get('one')?.tools.size, stateLimits.tools)
  })

  it('of sessions and runs is bounded, whatever ids the host makes up', () => {
    const directory = createDirectory()
    const before = heapMb()
    for (let index = 0; index < 200_000; index++) {
      directory.learn({sessionKey: `agent:main:${index}`, runId: `run-${index}`, sessionId: `s-${index}`})
    }
    assert.ok(heapMb() - before < 15)
    assert.equal(directory.learn({sessionKey: 'agent:main:199999'}).sessionId, 's-199999')
    assert.equal(directory.learn({sessionKey: 'agent:main:1'}).sessionId, undefined)
  })

  it('of replies and of calls that wait for their hook ends with what is recorded', () => {
    const {capture, clock} = scene()
    let events = 0
    for (let index = 0; index < 5000; index++) {
      const ids = {runId: `r-${index}`, agentId: 'main', sessionKey: `agent:main:${index}`, ts: clock.now}
      const reply = {...ids, seq: 1, stream: 'assistant', data: {text: 'x'.repeat(100), itemId: 'i'}}
      const tool = {...ids, seq: 2, stream: 'tool', data: {phase: 'start', name: 'x', toolCallId: `c-${index}`}}
      for (const payload of [reply, tool]) {
        events += capture.agentEvent(payload).filter(({source}) => source === 'agent-event').length
      }
    }
    // A reply is complete when its run calls a tool; of the calls, the newest thousand wait.
    assert.equal(events, 5000 + 4000)
  })
})
