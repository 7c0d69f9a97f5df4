import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {compileFilter, isEverything} from '../../src/lib/filter/compile.ts'
import type {Filter} from '../../src/lib/filter/filter.ts'
import {arbEvent, arbFilter} from './arbitraries.ts'
import {naiveMatches} from './oracle.ts'

const event: ClawEvent = {
  eventId: 'e-1',
  schemaVersion: '1.2.0',
  timestamp: '2026-11-20T21:00:00.000Z',
  type: 'tool.guard.blocked',
  eventCategory: 'tool',
  eventName: 'before_tool_call',
  source: 'plugin-hook',
  agentId: 'main',
  sessionKey: 'agent:main:main',
  correlationId: 'c-1',
  visibility: 'internal',
  data: {toolName: 'exec', durationMs: 612, params: {command: 'rm -rf /'}},
}

async function matches(filter: Filter, fields: Partial<ClawEvent> = {}): Promise<boolean> {
  return (await compileFilter(filter))({...event, ...fields})
}

describe('a compiled filter', () => {
  it('means what the plain oracle says, for any filter and event', async () => {
    let passed = 0
    await fc.assert(
      fc.asyncProperty(arbFilter, fc.array(arbEvent, {minLength: 1, maxLength: 8}), async (filter, events) => {
        const test = await compileFilter(filter)
        const kept = events.map((one) => test(one))
        passed += kept.filter(Boolean).length
        expect(kept).toEqual(events.map((one) => naiveMatches(filter, one)))
      }),
      {numRuns: 1500},
    )
    // A generator whose filters keep nothing would prove nothing.
    expect(passed).toBeGreaterThan(500)
  })

  it('lets a star in a type cross dots', async () => {
    expect(await matches({types: ['tool.*']})).toBe(true)
    expect(await matches({types: ['tool']})).toBe(false)
    expect(await matches({types: ['message.*', '*.blocked']})).toBe(true)
  })

  it('includes since and excludes until', async () => {
    const time = Date.parse(event.timestamp)
    expect(await matches({since: time})).toBe(true)
    expect(await matches({since: time + 1})).toBe(false)
    expect(await matches({until: time})).toBe(false)
    expect(await matches({until: time + 1})).toBe(true)
  })

  it('never matches a time against a timestamp that is none', async () => {
    for (const timestamp of ['yesterday', '', '2026-02-30T00:00:00.000Z']) {
      expect(await matches({since: 0}, {timestamp})).toBe(false)
      expect(await matches({until: 8e15}, {timestamp})).toBe(false)
      expect(await matches({}, {timestamp})).toBe(true)
    }
  })

  it('never matches a tool against a name that is no string', async () => {
    expect(await matches({tools: ['*']}, {data: {toolName: 5}})).toBe(false)
    expect(await matches({tools: ['*']}, {data: {}})).toBe(false)
    expect(await matches({tools: ['ex*']})).toBe(true)
  })

  it('finds a session by its key and by its id', async () => {
    expect(await matches({sessions: ['agent:main:main']})).toBe(true)
    expect(await matches({sessions: ['s-1']}, {sessionId: 's-1'})).toBe(true)
    expect(await matches({sessions: ['s-1']})).toBe(false)
  })

  it('knows the filters that hold for every event', () => {
    expect(isEverything({})).toBe(true)
    expect(isEverything({types: [], text: ''})).toBe(true)
    expect(isEverything({since: 0})).toBe(false)
    expect(isEverything({types: ['*']})).toBe(false)
  })

  it('refuses a text query without a word', async () => {
    await expect(compileFilter({text: '"- …"'})).rejects.toMatchObject({code: 'FILTER_INVALID', exit: 2})
  })
})
