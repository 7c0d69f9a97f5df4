import {describe, expect, it} from 'vitest'
import {isKnownType, mappedType} from '../../src/lib/event/aliases.ts'
import {catalogue, categoryOf} from '../../src/lib/event/catalogue.ts'
import {contentId, newEventId} from '../../src/lib/event/id.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {normalize} from '../../src/lib/event/normalize.ts'
import {timeOf, toTimestamp} from '../../src/lib/event/timestamp.ts'

const now = Date.UTC(2026, 10, 20, 21)

describe('a new event', () => {
  it('is complete and of our own form', () => {
    const event = makeEvent({
      type: 'deploy.finished',
      agentId: 'main',
      source: 'cli',
      data: {version: '1'},
      runId: undefined,
      now,
    })
    expect(event).toMatchObject({
      schemaVersion: '1.2.0',
      timestamp: '2026-11-20T21:00:00.000Z',
      eventCategory: 'deploy',
      eventName: 'deploy.finished',
      visibility: 'internal',
    })
    expect(event).not.toHaveProperty('runId')
    expect(normalize(event)).toBe(event)
    expect(event.correlationId).not.toBe(event.eventId)
  })

  it('belongs to its tool call, else to its run', () => {
    const given = {type: 'tool.called', agentId: 'main', source: 'plugin-hook', data: {}, runId: 'r'} as const
    expect(makeEvent({...given, toolCallId: 't'}).correlationId).toBe('t')
    expect(makeEvent(given).correlationId).toBe('r')
    expect(makeEvent({...given, timestamp: '2026-11-20T22:00:00+01:00'})).toMatchObject({
      eventCategory: 'tool',
      timestamp: '2026-11-20T21:00:00.000Z',
    })
  })

  it.each([
    ['type', {type: 'Tool.called'}],
    ['type', {type: 'tool'}],
    ['type', {type: 'tool..called'}],
    ['type', {type: `a.${'b'.repeat(300)}`}],
    ['agent id', {agentId: ''}],
    ['agent id', {agentId: ' \t '}],
    ['agent id', {agentId: 'ä'.repeat(129)}],
    ['event id', {eventId: 'x'.repeat(129)}],
    ['event id', {eventId: ''}],
    ['timestamp', {timestamp: 'yesterday'}],
  ])('is refused with a wrong %s: %j', (name, fields) => {
    const make = () => makeEvent({type: 'a.b', agentId: 'main', source: 'cli', data: {}, ...fields})
    expect(make).toThrow(
      expect.objectContaining({code: 'EVENT_INVALID', exit: 2, message: expect.stringContaining(name)}),
    )
  })
})

describe('event ids', () => {
  it('of new events rise, also within a millisecond and when the clock steps back', () => {
    const ids = Array.from({length: 20_000}, (_, i) => newEventId(now - (i % 7)))
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids.slice(0, 300))
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('of material taken in follow from time and content alone', () => {
    const id = contentId(now, 'a', 'bc')
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(contentId(now, 'a', 'bc')).toBe(id)
    expect(contentId(now, 'ab', 'c')).not.toBe(id)
    expect(contentId(now, 'a', 'bc', '')).not.toBe(id)
    expect(contentId(now + 1, 'a', 'bc') > id).toBe(true)
    for (const unknown of [Number.NaN, -5, 0]) expect(contentId(unknown, 'a')).toMatch(/^00000000-0000-8/)
  })
})

describe('timestamps', () => {
  it.each([
    ['2026-11-20T21:00:00Z', '2026-11-20T21:00:00.000Z'],
    ['2026-11-20T21:00:00.123456789+02:00', '2026-11-20T19:00:00.123Z'],
    ['2026-11-20 21:00', '2026-11-20T21:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
    [1795208938, '2026-11-20T21:08:58.000Z'],
    [1795208938.5, '2026-11-20T21:08:58.500Z'],
    [1795208938361, '2026-11-20T21:08:58.361Z'],
    [1795208938361_000, '2026-11-20T21:08:58.361Z'],
    ['1795208938361000000', '2026-11-20T21:08:58.361Z'],
    ['1795208938', '2026-11-20T21:08:58.000Z'],
    ['0000-01-01', '0000-01-01T00:00:00.000Z'],
  ])('of %j become %s', (given, timestamp) => {
    expect(toTimestamp(given)).toBe(timestamp)
  })

  it.each(['', 'soon', '2026-02-30', '12', null, undefined, {}, true, 0, -1, Number.NaN, Infinity])(
    'of %j are none',
    (given) => {
      expect(toTimestamp(given)).toBeUndefined()
    },
  )

  it('are read alike in every spelling', () => {
    expect(timeOf({timestamp: '2026-11-20T21:00:00.000Z'})).toBe(now)
    expect(timeOf({timestamp: '2026-11-29T21:00:00.000Z'})).toBe(now + 9 * 86_400_000)
    expect(timeOf({timestamp: '2026-11-20T22:00:00+01:00'})).toBe(now)
    expect(timeOf({timestamp: '2026-02-30T00:00:00.000Z'})).toBeNaN()
    expect(timeOf({timestamp: 'Nov 20 2026'})).toBeNaN()
  })
})

describe('the catalogue', () => {
  it('has the types of the event-server plugin and a sentence for each', () => {
    for (const type of [
      'message.received',
      'tool.guard.blocked',
      'command.stop',
      'session.error',
      'subagent.idle',
      'agent.session_end',
      'gateway.startup',
      'agent.sub_agent_spawn',
    ]) {
      expect(catalogue.has(type), type).toBe(true)
    }
    for (const [type, {summary, category}] of catalogue) {
      expect(type).toMatch(/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/)
      expect(summary).toMatch(/^[A-Z].*\.$/)
      expect(category).not.toBe('')
    }
  })

  it('gives categories, also to types of others', () => {
    expect(categoryOf('agent.activity')).toBe('synthetic')
    expect(categoryOf('context.injected')).toBe('agent')
    expect(categoryOf('deploy.finished')).toBe('deploy')
    expect(categoryOf('__proto__')).toBe('__proto__')
  })

  it('maps names of others to names of ours only', () => {
    expect(mappedType('tool_call', {isError: false})).toBe('tool.called')
    expect(mappedType('conversation.tool_result', {isError: true})).toBe('tool.error')
    expect(mappedType('constructor', {isError: false})).toBe('constructor')
    expect(isKnownType('msg.in') && isKnownType('tool.called')).toBe(true)
    expect(isKnownType('toString')).toBe(false)
  })
})
