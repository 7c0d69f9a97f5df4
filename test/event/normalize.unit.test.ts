import {readFileSync} from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {catalogue} from '../../src/lib/event/catalogue.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {isDeeper, jsonText, maxDepth} from '../../src/lib/event/json.ts'
import {normalize} from '../../src/lib/event/normalize.ts'
import {toView, viewFormats} from '../../src/lib/event/views.ts'
import {arbEvent} from '../filter/arbitraries.ts'

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'dialects')
const dialects = [
  'openclaw',
  'agent-event',
  'event-store',
  'event-store-simple',
  'event-server',
  'event-server-log',
  'event-server-frames',
]

function linesOf(name: string): unknown[] {
  const text = readFileSync(path.join(fixtures, `${name}.ndjson`), 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

function eventsOf(name: string): ClawEvent[] {
  return linesOf(name).map((line) => normalize(line))
}

/** Every string and number in a value, except times: those are written in another form. */
function leavesOf(value: unknown): unknown[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leavesOf)
  return value === null || (typeof value === 'number' && value > 1e12) ? [] : [value]
}

describe('an agent id of blanks, which no filter can ask for', () => {
  it.each(['', ' ', ' \t\n'])('is none: %j', (agentId) => {
    const ours = {...eventsOf('event-server')[0]!, agentId}
    expect(normalize({...ours, sessionKey: undefined}).agentId).toBe('system')
    expect(normalize({...ours, sessionKey: 'agent:main:x'}).agentId).toBe('main')
    const line = {id: 'a', ts: 1_790_000_000_000, agent: agentId, session: 's', type: 'msg.in', payload: {text: 'hi'}}
    expect(normalize(line).agentId).toBe('system')
  })
})

describe.each(dialects)('recorded lines of %s', (name) => {
  it('become complete events whose types are known', () => {
    for (const event of eventsOf(name)) {
      expect(event.eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[48][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
      expect(event.timestamp).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(event.agentId).not.toBe('')
      expect(event.correlationId).not.toBe('')
      expect(event.metadata).toMatchObject({entry: {how: 'import'}})
      const isOurs = catalogue.has(event.type) || event.type.startsWith('agent.')
      expect(isOurs || ['deploy.finished', 'session.reset'].includes(event.type), event.type).toBe(true)
    }
  })

  it('lose nothing of what was written', () => {
    for (const line of linesOf(name)) {
      const kept = new Set(leavesOf(normalize(line)))
      expect(leavesOf(line).filter((leaf) => !kept.has(leaf) && !isTimeOf(line, leaf))).toEqual([])
    }
  })

  it('get the same events every time, and those stay as they are', () => {
    for (const line of linesOf(name)) {
      const event = normalize(line)
      expect(normalize(structuredClone(line))).toEqual(event)
      expect(normalize(event)).toBe(event)
    }
  })

  it('get ids of their own', () => {
    const ids = eventsOf(name).map(({eventId}) => eventId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('can be written in every view and read again as the same event', () => {
    for (const event of eventsOf(name)) {
      for (const format of viewFormats) {
        const again = normalize(JSON.parse(JSON.stringify(toView(event, format))))
        expect(again).toMatchObject({type: event.type, timestamp: event.timestamp, agentId: event.agentId})
        if (format !== 'agent-event') expect(again.eventId).toBe(event.eventId)
        if (event.type.startsWith('tool.c')) expect(again.data).toMatchObject({toolName: event.data['toolName']})
      }
    }
  })
})

/** The envelope's own time and the wrapper of a log line are not part of the event's content. */
function isTimeOf(line: unknown, leaf: unknown): boolean {
  return leaf === 'event' && typeof line === 'object' && line !== null && 'kind' in line
}

describe('the types and fields of foreign events', () => {
  it('of the event store (S1) are ours', () => {
    const [start, call, result, failed, message, , custom] = eventsOf('openclaw')
    expect(start).toMatchObject({
      type: 'lifecycle.start',
      stream: 'lifecycle',
      seq: 1,
      metadata: {model: 'mock-1', channel: 'webchat'},
    })
    expect(call).toMatchObject({
      eventId: '5f0c2a1e-0000-4000-8000-000000000002',
      type: 'tool.called',
      eventCategory: 'tool',
      eventName: 'conversation.tool_call',
      toolCallId: 'call_7',
      correlationId: 'call_7',
      sessionKey: 'agent:main:main',
      source: 'import',
      data: {toolName: 'exec', params: {command: 'echo hello'}},
      metadata: {entry: {how: 'import', dialect: 'openclaw'}},
    })
    expect(result).toMatchObject({type: 'tool.completed', data: {toolName: 'exec', durationMs: 17}})
    expect(failed).toMatchObject({type: 'tool.error', error: {message: 'ENOENT: no such file', kind: 'tool'}})
    expect(message).toMatchObject({type: 'conversation.message.out', data: {text: 'Done: hello'}})
    expect(custom).toMatchObject({type: 'deploy.finished', visibility: 'public', data: {value: 'v1.4.2'}})
  })

  it('of the agent events (S2) are ours, the stream and phase being the event name', () => {
    const events = eventsOf('agent-event')
    const byName = (name: string) => events.filter(({eventName}) => eventName === name)
    expect(byName('lifecycle:start')[0]).toMatchObject({type: 'lifecycle.start', source: 'import', agentId: 'main'})
    expect(byName('lifecycle:end')[0]).toMatchObject({type: 'lifecycle.end'})
    expect(byName('lifecycle:error')[0]).toMatchObject({
      type: 'lifecycle.error',
      error: {message: expect.stringContaining('rejected')},
    })
    expect(byName('lifecycle:model')[0]).toMatchObject({type: 'agent.lifecycle'})
    expect(byName('tool:start')[0]).toMatchObject({
      type: 'tool.called',
      stream: 'tool',
      data: {toolName: 'exec', params: {command: expect.any(String)}},
    })
    expect(byName('tool:update')[0]).toMatchObject({type: 'agent.tool'})
    expect(byName('tool:result').map(({type}) => type)).toEqual(['tool.completed', 'tool.error'])
    expect(byName('tool:result')[0]?.data).toMatchObject({toolName: 'exec', durationMs: expect.any(Number)})
    expect(byName('assistant')[0]).toMatchObject({type: 'conversation.message.out', data: {text: expect.any(String)}})
    expect(byName('run_status:starting_model')[0]).toMatchObject({
      type: 'agent.run_status',
      data: {phase: 'starting_model'},
    })
    expect(byName('usage')[0]).toMatchObject({type: 'agent.usage'})
  })

  it('of S2 as it is documented need no agent: the session key names it', () => {
    const event = normalize({
      runId: 'r',
      seq: 1,
      stream: 'assistant',
      ts: 1795208938361,
      data: {text: 'hi'},
      sessionKey: 'agent:writer:main',
    })
    expect(event).toMatchObject({agentId: 'writer', correlationId: 'r', timestamp: '2026-11-20T21:08:58.361Z'})
    expect(normalize({runId: 'r', seq: 1, stream: 'error', ts: 1795208938361, data: {message: 'no'}})).toMatchObject({
      agentId: 'system',
      type: 'agent.error',
      error: {message: 'no'},
    })
  })

  it('keep what a model thought apart from what it said', () => {
    const thought = {runId: 'r', seq: 1, stream: 'assistant', ts: 1795208938361, data: {phase: 'reasoning', text: 'hm'}}
    expect(normalize(thought).type).toBe('agent.reasoning')
  })

  it('of the NATS event-store plugins are ours, with ids that do not collide', () => {
    const simple = eventsOf('event-store-simple')
    expect(simple.map(({type}) => type)).toEqual([
      'conversation.message.in',
      'tool.called',
      'tool.completed',
      'tool.error',
      'conversation.message.out',
      'lifecycle.error',
      'gateway.start',
    ])
    expect(simple[0]).toMatchObject({eventName: 'msg.in', data: {text: 'deploy please', from: 'u-1'}})
    expect(simple[2]?.metadata).toMatchObject({sourceId: 'evt-0f3b5d7a9c1e2f42'})
    expect(simple[3]?.metadata).toMatchObject({sourceId: 'evt-0f3b5d7a9c1e2f42'})
    expect(simple[5]).not.toHaveProperty('sessionKey')
    expect(simple[5]?.error).toMatchObject({message: 'model unavailable'})
    const [message, call, , failed, input, , , reset] = eventsOf('event-store')
    expect(message).toMatchObject({visibility: 'confidential', correlationId: 'm-1'})
    expect(call).toMatchObject({
      type: 'tool.called',
      toolCallId: 'call_1',
      correlationId: 'call_1',
      runId: expect.any(String),
    })
    expect(failed).toMatchObject({type: 'tool.error', error: {message: 'ENOENT: notes.md'}})
    expect(input).toMatchObject({type: 'agent.llm_input', metadata: {original: {redaction: {applied: true}}}})
    expect(reset).toMatchObject({visibility: 'confidential', metadata: {original: {visibility: 'secret'}}})
  })

  it('of the event-server plugin (S3) keep id, source, version and type', () => {
    const [line] = linesOf('event-server') as ClawEvent[]
    const event = normalize(line, {importedFrom: 'events.ndjson', line: 7})
    expect(event).toMatchObject({
      eventId: line?.eventId,
      schemaVersion: '1.1.0',
      source: 'internal-hook',
      visibility: 'internal',
      agentId: 'main',
      pluginVersion: '1.3.0',
      metadata: {entry: {how: 'import', dialect: 'event-server', from: 'events.ndjson', line: 7}},
    })
    expect(normalize({...line, type: 'session.spawned'}).type).toBe('session.spawned')
    expect(normalize({...line, type: 'some.future_type', futureField: [1]})).toMatchObject({
      type: 'some.future_type',
      futureField: [1],
    })
  })

  it('of one event in the log and on the wire are one event', () => {
    const [line] = linesOf('event-server-log') as Array<{event: ClawEvent}>
    expect(normalize(line).eventId).toBe(line?.event.eventId)
    expect(normalize({...line?.event, broadcastAt: '2026-11-20T21:01:00.000Z'}).eventId).toBe(line?.event.eventId)
  })
})

describe('an event of our own', () => {
  it('comes back as it is, whatever else it holds', () => {
    fc.assert(
      fc.property(arbEvent, fc.dictionary(fc.string(), fc.jsonValue()), (event, extra) => {
        const own = JSON.parse(JSON.stringify({...extra, ...event, timestamp: '2026-11-20T21:00:00.000Z'}))
        delete own.position
        delete own.storedAt
        const text = JSON.stringify(own)
        expect(JSON.stringify(normalize(own, {importedFrom: 'x', line: 1, receivedAt: 5}))).toBe(text)
      }),
    )
  })

  it('loses its place in the log that it came from', () => {
    const [event] = eventsOf('openclaw')
    const stored = {...event, position: '0001', storedAt: '2026-11-20T21:00:00.000Z'}
    expect(normalize(stored)).toEqual(event)
  })

  it('is completed where something is missing or of the wrong kind, and keeps what was there', () => {
    const event = normalize({
      eventId: 'x'.repeat(200),
      type: 'a.b',
      timestamp: '2026-11-20T22:00:00+01:00',
      data: [1],
      seq: '3',
      error: 'bad',
      runId: 7,
    })
    expect(event).toMatchObject({
      timestamp: '2026-11-20T21:00:00.000Z',
      agentId: 'system',
      data: {value: [1]},
      error: {message: 'bad'},
      metadata: {original: {eventId: 'x'.repeat(200), seq: '3', runId: 7}},
    })
    expect(event.eventId).toHaveLength(36)
    expect(event).not.toHaveProperty('runId')
    expect(normalize(event)).toBe(event)
  })
})

describe('what is no event', () => {
  it.each(linesOf('not-events').map((line) => [JSON.stringify(line), line]))('is refused and named: %s', (_, line) => {
    expect(() => normalize(line)).toThrow(
      expect.objectContaining({code: 'EVENT_INVALID', message: expect.stringMatching(/^not an event/)}),
    )
  })

  it('is an event after all when only its time is missing and the reader knows when it came', () => {
    const line = {type: 'a.b', payload: {x: 1}, ts: null, id: 'i'}
    const first = normalize(line, {receivedAt: 1795208938361})
    const second = normalize(line, {receivedAt: 1795208999999})
    expect(first.timestamp).toBe('2026-11-20T21:08:58.361Z')
    expect(second.eventId).toBe(first.eventId)
  })
})

describe('hostile input', () => {
  const deep = JSON.parse(`${'['.repeat(100_000)}"deepest"${']'.repeat(100_000)}`)

  it('of a hundred thousand levels is kept as text below a depth that all readers manage', () => {
    for (const input of [
      {runId: 'r', seq: 1, stream: 'tool', ts: 1795208938361, data: {deep}},
      {id: 'i', ts: 1795208938361, agent: 'main', type: 'msg.in', payload: deep, extra: deep},
      {eventId: 'e', type: 'a.b', timestamp: '2026-11-20T21:00:00Z', data: {deep}, other: deep, metadata: {deep}},
    ]) {
      const event = normalize(input)
      expect(isDeeper(event, maxDepth)).toBe(false)
      expect(JSON.stringify(event)).toContain('deepest')
      expect(normalize(event)).toBe(event)
    }
  })

  it('with keys of prototypes is plain data', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":2,"toolName":"exec"}'
    for (const input of [
      `{"id":"i","ts":1795208938361,"agent":"main","type":"tool.call","payload":${text},"__proto__":{"polluted":2}}`,
      `{"runId":"r","seq":1,"stream":"tool","ts":1795208938361,"data":${text},"__proto__":{"polluted":2}}`,
      `{"eventId":"e","type":"a.b","timestamp":"2026-11-20T21:00:00Z","data":${text},"__proto__":{"polluted":2}}`,
      `{"type":"__proto__","payload":{},"ts":1795208938361}`,
      `{"stream":"constructor","data":{},"ts":1795208938361,"runId":"r"}`,
    ]) {
      const event = normalize(JSON.parse(input))
      expect(Object.getPrototypeOf(event.data)).toBe(Object.prototype)
      if (input.includes(text)) expect(jsonText(event)).toContain('"__proto__":{"polluted":1}')
      expect(Reflect.get({}, 'polluted')).toBeUndefined()
    }
  })

  it('of any JSON gives an event or a fault, and an event again gives itself', () => {
    const names = [
      'eventId',
      'type',
      'timestamp',
      'ts',
      'id',
      'payload',
      'data',
      'stream',
      'runId',
      'agent',
      'session',
      'kind',
      'event',
      'scope',
      'meta',
      'error',
      'specversion',
      'time',
      'source',
      'visibility',
    ]
    const texts = fc.constantFrom('tool.call', 'event', 'tool', '2026-11-20T21:00:00Z', 'x', '', '__proto__')
    const value = fc.oneof(
      texts,
      fc.constant(1795208938361),
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...names), fc.jsonValue()),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (input) => {
        let event: ClawEvent
        try {
          event = normalize(input)
        } catch (error) {
          expect(error).toHaveProperty('code', 'EVENT_INVALID')
          return
        }
        expect(normalize(event)).toBe(event)
      }),
      {numRuns: 3000},
    )
  })
})
