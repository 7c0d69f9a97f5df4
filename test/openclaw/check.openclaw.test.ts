import {describe, expect, it} from 'vitest'
import {makeEvent} from '../../src/index.ts'
import {type Chain, check} from './check.ts'

const call: Chain = {
  what: 'the call',
  joinedBy: ['toolCallId'],
  events: [
    {type: 'tool.called', has: {'data.params.command': 'ls'}},
    {type: 'tool.completed', has: {'data.result': /notes/}},
  ],
}
const called = event('tool.called', 'a', {params: {command: 'ls'}})
const completed = event('tool.completed', 'a', {result: {text: 'notes.txt'}})

describe('what a log is held against', () => {
  it('finds nothing wrong with events that come once, in order, and belong together', () => {
    expect(faults([called, completed])).toEqual([])
  })

  it('notices what is missing, what comes twice and what comes too early', () => {
    expect(faults([called])).toEqual(['the call: 0 × tool.completed, not 1'])
    expect(faults([called, completed, event('tool.completed', 'a', {result: 'notes'})])).toEqual([
      'the call: 2 × tool.completed, not 1',
    ])
    expect(faults([completed, called])).toEqual(['the call: tool.completed came before tool.called'])
    expect(faults([called, completed, completed])).toEqual([
      expect.stringMatching(/^twice with one id: tool\.completed/),
      'the call: 2 × tool.completed, not 1',
    ])
  })

  it('notices events that do not belong together, and those that nobody expects', () => {
    expect(faults([called, event('tool.completed', 'b', {result: 'notes'})])).toEqual([
      'the call: 0 × tool.completed, not 1',
      expect.stringMatching(/^not expected: tool\.completed/),
    ])
    expect(faults([called, completed, event('note.added', 'a', {})])).toEqual([])
  })

  it('notices a wrong value, with both values', () => {
    expect(faults([called, event('tool.completed', 'a', {result: 'nothing'})])).toEqual([
      'the call: tool.completed has data.result "nothing", not /notes/',
    ])
    expect(faults([event('tool.called', 'a', {params: {command: 'rm'}})])).toEqual([
      'the call: no tool.called (tool.called has data.params.command "rm", not "ls")',
      expect.stringMatching(/^not expected/),
    ])
  })
})

function faults(events: Parameters<typeof check>[0]): string[] {
  return check(events, {chains: [call], closed: ['tool.*']})
}

function event(type: string, toolCallId: string, data: Record<string, unknown>) {
  return makeEvent({type, agentId: 'main', source: 'plugin-hook', toolCallId, data})
}
