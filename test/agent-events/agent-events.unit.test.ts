import {describe, expect, it} from 'vitest'
import {type AgentEventPayload, createAgentEventSystem} from '../../src/lib/agent-events/agent-events.ts'

function system() {
  const faults: unknown[] = []
  const recorded: AgentEventPayload[] = []
  let clock = 1000
  const events = createAgentEventSystem({
    now: () => clock++,
    record: (event) => recorded.push(event),
    onFault: (fault) => faults.push(fault),
  })
  return {...events, faults, recorded}
}

describe('agent event system', () => {
  it('numbers the events of each run from 1 and stamps them', () => {
    const {emitAgentEvent} = system()
    const emit = (runId: string) => emitAgentEvent({runId, stream: 'tool', data: {phase: 'start'}})
    expect([emit('a'), emit('a'), emit('b'), emit('a')].map(({runId, seq, ts}) => [runId, seq, ts])).toEqual([
      ['a', 1, 1000],
      ['a', 2, 1001],
      ['b', 1, 1002],
      ['a', 3, 1003],
    ])
  })

  it('adds the context of a run to its events; what the event says wins', () => {
    const {emitAgentEvent, registerAgentRunContext} = system()
    registerAgentRunContext('a', {sessionKey: 'agent:main:main'})
    expect(emitAgentEvent({runId: 'a', stream: 'lifecycle', data: {}}).sessionKey).toBe('agent:main:main')
    expect(emitAgentEvent({runId: 'a', stream: 'lifecycle', data: {}, sessionKey: 'own'}).sessionKey).toBe('own')
    expect(emitAgentEvent({runId: 'b', stream: 'lifecycle', data: {}})).not.toHaveProperty('sessionKey')
  })

  it('calls listeners until they leave, also one that leaves while it is called', () => {
    const {emitAgentEvent, onAgentEvent} = system()
    const seen: number[] = []
    const leave = onAgentEvent(({seq}) => {
      seen.push(seq)
      if (seq === 2) leave()
    })
    for (let i = 0; i < 4; i++) emitAgentEvent({runId: 'a', stream: 'assistant', data: {}})
    expect(seen).toEqual([1, 2])
  })

  it('lets no listener that throws stop the others or the emitter', () => {
    const {emitAgentEvent, onAgentEvent, faults} = system()
    const seen: number[] = []
    onAgentEvent(() => {
      throw new Error('broken dashboard')
    })
    onAgentEvent(({seq}) => seen.push(seq))
    emitAgentEvent({runId: 'a', stream: 'error', data: {}})
    expect(seen).toEqual([1])
    expect(faults).toEqual([new Error('broken dashboard')])
  })

  it('records every event, before anybody hears of it', () => {
    const {emitAgentEvent, onAgentEvent, recorded} = system()
    onAgentEvent((event) => expect(recorded).toContain(event))
    const event = emitAgentEvent({
      runId: 'a',
      stream: 'tool',
      data: {phase: 'start', name: 'read', args: {path: 'hello.txt'}},
    })
    expect(recorded).toEqual([event])
  })

  it('remembers a bounded number of runs and forgets the one silent for longest', () => {
    const {emitAgentEvent} = system()
    emitAgentEvent({runId: 'old', stream: 'tool', data: {}})
    emitAgentEvent({runId: 'busy', stream: 'tool', data: {}})
    for (let i = 0; i < 9_999; i++) emitAgentEvent({runId: `r${i}`, stream: 'tool', data: {}})
    expect(emitAgentEvent({runId: 'busy', stream: 'tool', data: {}}).seq).toBe(2)
    expect(emitAgentEvent({runId: 'old', stream: 'tool', data: {}}).seq).toBe(1)
  })
})
