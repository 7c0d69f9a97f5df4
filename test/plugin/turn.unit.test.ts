import {describe, expect, it} from 'vitest'
import {readTurn} from '../../src/plugin/turn.ts'

const ctx = {agentId: 'main', sessionId: 's1', sessionKey: 'agent:main:chat', runId: 'r1', trigger: 'user'}
const spoken = (role: string, timestamp: unknown) => ({role, content: 'x', timestamp})

describe('a turn, as the host tells of it', () => {
  it('has its ids, and what a person asked without what the host wrote around it', () => {
    expect(readTurn({prompt: '[Fri 2026-11-20 21:08 UTC] When?', messages: []}, ctx)).toEqual({
      agentId: 'main',
      sessionId: 's1',
      sessionKey: 'agent:main:chat',
      runId: 'r1',
      prompt: 'When?',
      seen: {sessions: ['s1', 'agent:main:chat'], sinceMs: Number.POSITIVE_INFINITY},
    })
  })

  it('asks what a subagent is to do', () => {
    const prompt =
      '[Subagent Context] You are running as a subagent (depth 1/5).\n\n[Subagent Task]\n\nCall the dentist.\nThen report.\n\nBegin. Execute the assigned task to completion.'
    expect(readTurn({prompt}, ctx)?.prompt).toBe('Call the dentist.\nThen report.')
    expect(readTurn({prompt: '[Subagent Context] Your prior run ended.'}, ctx)?.prompt).toBe('')
  })

  it.each([
    ['from the oldest message on', [spoken('user', 30), spoken('assistant', 20), spoken('toolResult', 40)], 20],
    ['of nothing, where there is only a summary', [spoken('compactionSummary', 10)], Number.POSITIVE_INFINITY],
    ['of what a summary does not stand for', [spoken('compactionSummary', 10), spoken('user', 30)], 30],
    ['of everything, where messages have no times', [spoken('user', 30), spoken('user', undefined)], undefined],
    ['of everything, where the host does not say', undefined, undefined],
    ['of what can be read', ['text', null, spoken('user', 30)], 30],
  ])('has seen the session %s', (_, messages, sinceMs) => {
    expect(readTurn({prompt: 'When?', messages}, ctx)?.seen.sinceMs).toBe(sinceMs)
  })

  it.each(['heartbeat', 'memory'])('is not one that context helps when it is a %s', (trigger) => {
    expect(readTurn({prompt: 'When?'}, {...ctx, trigger})).toBeUndefined()
  })

  it('is none without an agent', () => {
    expect(readTurn({prompt: 'When?'}, {sessionKey: 'x'})).toBeUndefined()
    expect(readTurn({prompt: 7}, {agentId: 'main'})).toMatchObject({prompt: '', seen: {sessions: []}})
  })
})
