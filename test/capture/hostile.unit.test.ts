import assert from 'node:assert/strict'
import fc from 'fast-check'
import {afterEach, describe, it} from 'vitest'
import {hookTable, legacyHooks, streamTable} from '../../src/lib/capture/hooks.ts'
import {snapshotLimits, snapshotOf} from '../../src/lib/capture/snapshot.ts'
import {limits} from '../../src/lib/event/envelope.ts'
import {serialize} from '../../src/lib/event/shorten.ts'
import {callOf, ctx, facts, scene, start, the, typesOf} from './scene.ts'

const exec = {toolName: 'exec', runId: 'run-1', toolCallId: 'call-1'}
const called = (params: unknown, context: object = ctx) => {
  const made = scene()
  made.hook('before_tool_call', {...exec, params}, context)
  return the(made.events, 'tool.called')
}
const paramsOf = (params: unknown) => called(params).data['params']

afterEach(() => {
  Reflect.deleteProperty(Object.prototype, 'toolName')
  Reflect.deleteProperty(Object.prototype, 'agentId')
})

function throwing(): object {
  return new Proxy(
    {},
    {
      get() {
        throw new Error('get')
      },
      ownKeys() {
        throw new Error('keys')
      },
      getPrototypeOf() {
        throw new Error('prototype')
      },
      getOwnPropertyDescriptor() {
        throw new Error('descriptor')
      },
    },
  )
}

describe('a payload', () => {
  it('with itself inside is kept, and says where it turns round', () => {
    const cyclic: Record<string, unknown> = {command: 'ls', list: []}
    cyclic['self'] = cyclic
    ;(cyclic['list'] as unknown[]).push(cyclic)
    assert.deepEqual(paramsOf(cyclic), {command: 'ls', self: '[circular]', list: ['[circular]']})
  })

  it('with what JSON has no form for is kept in words', () => {
    const params = {
      big: 12345678901234567890n,
      date: new Date(start),
      no: new Date(Number.NaN),
      bytes: new Uint8Array(7),
      error: new TypeError('bad'),
      map: new Map([['a', 1]]),
      set: new Set([1]),
      url: new URL('https://a.example/x'),
      infinite: Number.POSITIVE_INFINITY,
      call: () => 1,
      symbol: Symbol('s'),
      nothing: undefined,
      holes: [undefined, () => 1, null],
    }
    assert.deepEqual(paramsOf(params), {
      big: '12345678901234567890',
      date: '2026-11-20T21:00:00.000Z',
      no: null,
      bytes: '[7 bytes]',
      error: {name: 'TypeError', message: 'bad'},
      map: [['a', 1]],
      set: [1],
      url: 'https://a.example/x',
      infinite: null,
      holes: [null, null, null],
    })
  })

  it('that throws when it is looked at is kept where it does not', () => {
    const params = {
      fine: 1,
      get trap() {
        throw new Error('no')
      },
      proxy: throwing(),
      list: new Proxy([1], {
        get() {
          throw new Error('no')
        },
      }),
    }
    assert.deepEqual(paramsOf(params), {fine: 1, trap: '[unreadable]', proxy: '[unreadable]', list: '[unreadable]'})
  })

  it('whose context throws is kept', () => {
    const event = called({command: 'ls'}, throwing())
    assert.deepEqual([event.agentId, event.toolCallId, event.data['params']], ['system', 'call-1', {command: 'ls'}])
  })

  it('with names of the prototype is data like any other', () => {
    const params = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}},"toString":"t"}')
    const kept = paramsOf(params)
    assert.equal(JSON.stringify(kept), JSON.stringify(params))
    assert.equal(Object.getPrototypeOf(kept), Object.prototype)
    assert.equal(Reflect.get({}, 'polluted'), undefined)
  })

  it('without a field does not get it from a poisoned prototype', () => {
    const made = scene()
    Object.assign(Object.prototype, {toolName: 'poison', agentId: 'poison'})
    made.hook('before_tool_call', {params: {}}, {})
    const event = the(made.events, 'tool.called')
    assert.deepEqual([Object.hasOwn(event.data, 'toolName'), event.agentId], [false, 'system'])
  })

  it('of thousands of levels is kept as far as a log goes, in a form that can be written', () => {
    let deep: Record<string, unknown> = {end: true}
    for (let level = 0; level < 20_000; level++) deep = {deep}
    const event = called({command: 'ls', deep})
    assert.equal((event.data['params'] as {command: string}).command, 'ls')
    assert.deepEqual(event.metadata?.['truncated'], [{path: '/data/params'}])
    assert.ok(serialize(event, 5_000_000).json.length > 5000)
  })

  it('of millions of values or of many megabytes of text is cut, and says so', () => {
    const many = called({list: Array.from({length: 1_000_000}, (_, index) => index)})
    assert.ok((many.data['params'] as {list: number[]}).list.length <= snapshotLimits.values)
    assert.deepEqual(many.metadata?.['truncated'], [{path: '/data/params'}])
    const long = called({text: 'x'.repeat(20_000_000)})
    const {length} = (long.data['params'] as {text: string}).text
    assert.ok(length <= snapshotLimits.chars && length > snapshotLimits.chars - 100)
    assert.deepEqual(long.metadata?.['truncated'], [{path: '/data/params'}])
  })

  it('that multiplies when it is copied comes to an end', () => {
    let wide: unknown = ['x']
    for (let level = 0; level < 60; level++) wide = [wide, wide]
    const event = called({wide})
    assert.deepEqual(event.metadata?.['truncated'], [{path: '/data/params'}])
  })

  it('with an id or a name that no log could hold is kept without it', () => {
    const long = 'x'.repeat(limits.agentIdBytes + 1)
    const made = scene()
    made.hook('before_tool_call', {...exec, params: {}}, {...ctx, agentId: long, sessionKey: 'y'.repeat(1_000_000)})
    const event = the(made.events, 'tool.called')
    assert.deepEqual([event.agentId, event.metadata?.['agentId'], event.sessionKey], ['system', long, undefined])
  })

  it('that is none makes nothing and is counted', () => {
    const made = scene()
    for (const event of [undefined, null, 1, 'x', true]) {
      assert.deepEqual(made.capture.hook({...callOf('before_tool_call', {}), event: event as never}), [])
    }
    assert.deepEqual(made.hook('no_such_hook', {a: 1}), [])
    assert.deepEqual(made.capture.hook(callOf('message:received', {})).length > 0, true)
    assert.equal(made.capture.counters().unreadable, 6)
  })

  it('may be anything: nothing throws, every event can be written, and ids are new', () => {
    const rows = [...hookTable, ...legacyHooks]
    const names = [
      'toolName',
      'params',
      'message',
      'context',
      'result',
      'error',
      'messages',
      'prompt',
      'content',
      'childSessionKey',
      'sessionKey',
      'agentId',
      'runId',
      'toolCallId',
      'code',
      'usage',
      'assistantTexts',
      'bootstrapFiles',
      'timestamp',
    ]
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      maxDepth: 3,
    })
    const fields = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value)
    const step = fc.record({row: fc.constantFrom(...rows), event: fields, ctx: fields, inner: fc.boolean()})
    const stream = fc.record({
      stream: fc.constantFrom(...streamTable.map((one) => one.stream), 'odd'),
      data: fields,
      seq: fc.integer(),
    })
    fc.assert(
      fc.property(
        fc.array(fc.oneof(step, stream), {maxLength: 12}),
        fc.constantFrom('metadata', 'full'),
        (steps, payloadMode) => {
          const made = scene({privacy: {payloadMode: payloadMode as 'full'}})
          for (const one of steps) {
            made.clock.now += 10_000
            if ('stream' in one) made.events.push(...made.capture.agentEvent({...one, runId: 'r', ts: made.clock.now}))
            else {
              const event = one.inner ? {...one.event, context: one.event, message: one.event} : one.event
              const call = {hook: one.row.hook, kind: one.row.kind, event, ctx: one.ctx}
              made.events.push(...made.capture.hook(call))
              if (one.row.hook === 'before_tool_call') {
                made.events.push(...made.capture.guard(call, {verdict: 'block', ruleId: 'x', source: 'rule'}))
              }
            }
          }
          made.events.push(...made.capture.tick())
          assert.equal(made.capture.counters().unreadable, 0)
          for (const event of made.events) assert.ok(JSON.parse(serialize(event, 5_000_000).json))
          assert.equal(new Set(made.events.map(({eventId}) => eventId)).size, made.events.length)
          made.capture.status()
        },
      ),
      {numRuns: 300},
    )
  })

  it('is told of to the end: a hook before and after a bad one are recorded', () => {
    const made = scene()
    made.hook('gateway_start', {port: 1})
    made.hook('before_tool_call', throwing(), throwing())
    made.hook('gateway_stop', {reason: 'x'})
    assert.deepEqual(typesOf(facts(made.events)), ['gateway.start', 'tool.called', 'gateway.stop'])
  })
})

describe('a snapshot', () => {
  it('is what JSON makes of the value, for everything that JSON can hold', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        assert.equal(JSON.stringify(snapshotOf(value).data), JSON.stringify(value))
      }),
    )
  })

  it('shares nothing with its source', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const before = JSON.stringify(value)
        const {data} = snapshotOf(value)
        scramble(value)
        assert.equal(JSON.stringify(data), before)
      }),
    )
  })
})

function scramble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const inner of Object.values(value)) scramble(inner)
  for (const key of Object.keys(value)) Reflect.deleteProperty(value, key)
}
