import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {catalogue} from '../../../src/lib/event/catalogue.ts'
import {decodeToken, encodeToken, isOwnTypeForm, subjectGrammar} from '../../../src/lib/store/nats/subjects.ts'

const anyText = fc.oneof(
  fc.string({unit: 'binary'}),
  fc.string({unit: fc.integer({min: 0, max: 0xffff}).map((unit) => String.fromCharCode(unit))}),
  fc.constantFrom('', '.', '..', '%', '%41', '%u0041', '*', '>', ' ', 'a.b *>', 'ü.😀', '\ud83d', 'A_b-9'),
)

describe('a token of a subject', () => {
  it('gives back any text, and differs for different texts', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        expect(encodeToken(one)).toMatch(/^[A-Za-z0-9_%-]+$/)
        expect(decodeToken(encodeToken(one))).toBe(one)
        expect(encodeToken(one) === encodeToken(other)).toBe(one === other)
      }),
      {seed: 1, numRuns: 1000},
    )
  })

  it('leaves plain names as they are', () => {
    expect(encodeToken('assistant-one_2')).toBe('assistant-one_2')
    expect(encodeToken('a.b *>')).toBe('a%2Eb%20%2A%3E')
    expect(encodeToken('é')).toBe('%C3%A9')
  })

  it.each(['a b', '%4', '%zz', '%41', '%c3%a9', '%C3', 'a%', '%uDE00%'])(
    'is not read from %s, which is not made here',
    (token) => {
      expect(decodeToken(token)).toBeUndefined()
    },
  )
})

describe('a subject', () => {
  it('tells agent and type again, whatever they are', () => {
    const shared = subjectGrammar({prefix: 'openclaw.events'})
    const own = subjectGrammar({prefix: 'openclaw.events.one', agent: 'one'})
    fc.assert(
      fc.property(anyText, anyText, (agentId, type) => {
        expect(shared.partsOf(shared.subjectOf({agentId, type}))).toEqual({agentId, type})
        expect(own.partsOf(own.subjectOf({agentId, type}))).toEqual({agentId: undefined, type})
      }),
      {seed: 2, numRuns: 1000},
    )
  })

  it('keeps the dots of a type as token borders', () => {
    const grammar = subjectGrammar({prefix: 'openclaw.events'})
    expect(grammar.all).toBe('openclaw.events.>')
    expect(grammar.subjectOf({agentId: 'main', type: 'tool.guard.blocked'})).toBe(
      'openclaw.events.main.tool.guard.blocked',
    )
  })

  it('of somebody else is told as such', () => {
    const grammar = subjectGrammar({prefix: 'openclaw.events'})
    expect(grammar.partsOf('orders.main.tool.called')).toBeUndefined()
    expect(grammar.partsOf('openclaw.events.main')).toBeUndefined()
    expect(grammar.partsOf('openclaw.events.my agent.tool.called')).toBeUndefined()
  })
})

describe('the form of our types', () => {
  it('is that of every type we store, except the two that other tools use for something else', () => {
    const others = [...catalogue.keys()].filter((type) => !isOwnTypeForm(type))
    expect(others).toEqual(['conversation.tool_call', 'conversation.tool_result'])
  })

  it.each(['msg_in', 'tool', 'Tool.called', 'msg.in', 'run.start', 'b.tool_call', 'conversation.tool_call'])(
    'is not that of %s',
    (type) => {
      expect(isOwnTypeForm(type)).toBe(false)
    },
  )
})
