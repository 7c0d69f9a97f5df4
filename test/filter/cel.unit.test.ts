import {describe, expect, it} from 'vitest'
import {ClawError} from '../../src/lib/errors.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {compileCel} from '../../src/lib/filter/cel.ts'

const event: ClawEvent = {
  eventId: 'e-1',
  schemaVersion: '1.2.0',
  timestamp: '2026-11-20T21:00:00.000Z',
  type: 'tool.called',
  eventCategory: 'tool',
  eventName: 'before_tool_call',
  source: 'plugin-hook',
  agentId: 'main',
  correlationId: 'c-1',
  visibility: 'internal',
  seq: 4,
  data: {toolName: 'exec', durationMs: 612, ratio: 1.5, tags: ['a', 'b'], nothing: null, count: '9'},
}

function errorOf(expression: string): ClawError {
  try {
    compileCel(expression)
  } catch (error) {
    if (error instanceof ClawError) return error
  }
  throw new Error(`${expression} was accepted`)
}

describe('a CEL condition', () => {
  it.each([
    "type == 'tool.called'",
    'data.durationMs > 500',
    'data.durationMs > 500.5',
    'data.durationMs == 612',
    'data.durationMs == 612.0',
    'data.durationMs in [611, 612]',
    'data.durationMs + 1 == 613',
    'data.durationMs - 1.0 == 611.0',
    '1000 / data.durationMs > 1',
    'data.durationMs % 2 == 0',
    'int(data.durationMs) % 2 == 0',
    'data.ratio * 2 == 3',
    'seq == 4',
    'has(data.toolName) && !has(data.params)',
    '!has(event.runId)',
    'data.nothing == null',
    "data.tags.exists(tag, tag == 'b')",
    "'a' in data.tags && size(data.tags) == 2",
    "type.startsWith('tool.') && type.matches('^tool[.](called|error)$')",
    "timestamp(timestamp) > timestamp('2026-01-01T00:00:00Z')",
    "data.missing == 1 || agentId == 'main'",
  ])('keeps an event for which it is true: %s', (expression) => {
    expect(compileCel(expression)(event)).toBe(true)
  })

  it.each([
    'data.missing == 1',
    'data.missing.deeper == 1',
    "runId == 'r'",
    'data.count > 3',
    'data.toolName',
    'result',
    "data.tags.exists_one(tag, tag == 'c')",
    'data.durationMs > 900 ? true : data.nothing',
    'data.constructor == 1 || has(data.constructor) || has(data.__proto__)',
    "type.matches('(?=a)')",
    'data.tags[7] == 1',
    '1 / 0 == 1',
  ])('drops an event, without an error, where it is not true: %s', (expression) => {
    expect(compileCel(expression)(event)).toBe(false)
  })

  it('names the expression and the place of a syntax error', () => {
    const error = errorOf("type == 'a'\n ) x")
    expect(error).toMatchObject({code: 'FILTER_INVALID', exit: 2})
    expect(error.message).toContain('line 2, column 2')
    expect(error.message).toContain('type ==')
  })

  it('names a variable or function that does not exist and the one that is meant', () => {
    expect(errorOf("agentID == 'a'")).toMatchObject({code: 'FILTER_INVALID', exit: 2})
    expect(errorOf("agentID == 'a'").suggestions[0]).toContain('agentId')
    expect(errorOf("type.startWith('a')").suggestions[0]).toContain('startsWith')
    expect(errorOf("toolName == 'exec'").message).toContain('toolName')
  })

  it.each([
    '1',
    '1 + 1',
    "'a' + type",
    'type',
    'seq',
    'data',
    'size(data.tags)',
    '[true]',
    "{'a': true}",
    'data.tags.map(tag, tag == "a")',
    'data.tags.filter(tag, true)',
    "data.durationMs > 1 ? 'slow' : 'quick'",
    'dyn(1)',
  ])('refuses what can never be true or false: %s', (expression) => {
    expect(errorOf(expression)).toMatchObject({code: 'FILTER_INVALID', exit: 2})
    expect(errorOf(expression).message).toContain('never true or false')
  })

  it('keeps the error of a huge expression short', () => {
    expect(errorOf('('.repeat(100_000)).message.length).toBeLessThan(500)
  })

  it('matches a hostile pattern in no time', () => {
    const slow = {...event, data: {text: `${'a'.repeat(50_000)}!`}}
    const start = performance.now()
    expect(compileCel("data.text.matches('^(a+)+$')")(slow)).toBe(false)
    expect(performance.now() - start).toBeLessThan(2000)
  })

  it('survives an event that is a hundred thousand levels deep', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}1${']'.repeat(100_000)}`)
    expect(compileCel('data.deep == data.deep')({...event, data: {deep}})).toBeTypeOf('boolean')
    expect(compileCel("type == 'tool.called'")({...event, data: {deep}})).toBe(true)
  })
})
