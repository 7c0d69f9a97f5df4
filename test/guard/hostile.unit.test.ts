import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import type {ToolCall} from '../../src/lib/guard/call.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {type Judgement, judge} from '../../src/lib/guard/judge.ts'
import {scopeKey} from '../../src/lib/guard/params-shape.ts'
import type {GuardRule, RuleWhen, ToolGuardConfig} from '../../src/lib/guard/schema.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {patternInputLimit} from '../../src/lib/match/patterns.ts'
import {nest} from './recorded.ts'

const block = {block: true, blockReason: 'hit'}
const rule = (when: RuleWhen, rest: Partial<GuardRule> = {}): GuardRule => ({id: 'r', when, decision: block, ...rest})
const blockHit = rule({contains: {'data.params.command': 'HIT'}})

function judgeWith(
  rules: GuardRule[],
  params: unknown,
  settings: Partial<ToolGuardConfig> = {},
  isLate?: () => boolean,
): Judgement {
  const policy = compilePolicy({
    toolGuard: {enabled: true, rules, retryBackoffMs: 1000, approvalCacheTtlMs: 1000, ...settings},
  })
  return judge(policy, new GuardState(), {toolName: 'exec', params} as ToolCall, {now: 1, isLate})
}

function cyclic(): Record<string, unknown> {
  const params: Record<string, unknown> = {command: 'HIT'}
  params['self'] = {again: params}
  return params
}

describe('the guard under hostile input', () => {
  it.each([
    ['nested 100 000 deep', nest(100_000)],
    ['nested 1 001 deep', nest(1002)],
    ['cyclic', cyclic()],
    [
      'cyclic in a list',
      (() => {
        const list: unknown[] = []
        list.push(list)
        return {list}
      })(),
    ],
  ])('blocks params that are %s, and says so', (_name, params) => {
    for (const rules of [[blockHit], [rule({}, {decision: {block: false}})]]) {
      const verdict = judgeWith(rules, params)
      assert.equal(verdict.verdict, 'block')
      assert.equal(verdict.source, 'engine')
      assert.match((verdict as {reason: string}).reason, /nested deeper than 1000 levels or contain themselves/)
    }
  })

  it('judges params of the deepest nesting that is allowed', () => {
    assert.equal(judgeWith([blockHit], nest(1000)).verdict, 'allow')
    assert.equal(judgeWith([rule({requiredPaths: ['data.params.a.a']})], nest(1000)).verdict, 'block')
  })

  it('judges whatever a host may put into params', () => {
    for (const params of [
      {n: 10n},
      {f: () => 1},
      {d: new Date(0)},
      {m: new Map()},
      {s: Symbol('x')},
      Object.create(null),
      [],
      null,
      undefined,
      'text',
      {u: undefined},
    ]) {
      assert.equal(judgeWith([blockHit], params).verdict, 'allow')
      assert.equal(judgeWith([rule({})], params).verdict, 'block')
    }
  })

  it('blocks when reading the params throws', () => {
    const params = {
      get command(): string {
        throw new Error('trap')
      },
    }
    const verdict = judgeWith([blockHit], params)
    assert.equal(verdict.verdict, 'block')
    assert.equal(verdict.source, 'engine')
  })

  it('never takes a prototype for a value', () => {
    const rules = [
      rule({requiredPaths: ['data.params.constructor']}),
      rule({requiredPaths: ['data.params.__proto__']}, {id: 's'}),
    ]
    assert.equal(judgeWith(rules, {}).verdict, 'allow')
    assert.equal(judgeWith(rules, JSON.parse('{"__proto__": 1}')).verdict, 'block')
    assert.equal(
      judgeWith([rule({}, {decision: undefined, action: 'constructor'})], {}, {onError: 'block'}).verdict,
      'block',
    )
  })

  it('never blocks or approves one call for another that only looks like it', () => {
    const keys = [
      {params: {a: 1}},
      {params: {a: '1'}},
      {params: {a: [1]}},
      {params: {a: 1n}},
      {params: {a: null}},
      {params: {a: undefined}},
      {params: {}},
      {params: {a: {b: 1}}},
      {params: JSON.parse('{"a": 1, "__proto__": {"b": 1}}')},
      {params: {a: 1}, agentId: 'x'},
      {params: {a: 1}, sessionKey: 'x'},
      {params: {a: 1}, sessionId: 'x'},
      {params: {'a":1,"b': 1}},
      {params: {a: 'x'.repeat(1000)}},
      {params: {a: 'x'.repeat(1001)}},
    ].map((call) => scopeKey({toolName: 'exec', ...call}, 'tool_and_params'))
    assert.equal(new Set(keys).size, keys.length)
    assert.ok(keys.every((key) => key !== undefined && key.length < 400))
    assert.equal(
      scopeKey({toolName: 'exec', params: {a: 1, b: 2}}, 'tool_and_params'),
      scopeKey({toolName: 'exec', params: {b: 2, a: 1}}, 'tool_and_params'),
    )
    assert.equal(scopeKey({toolName: 'exec', params: {a: new Date(0)}}, 'tool_and_params'), undefined)
  })

  it('decides 1 MB of params with 21 rules at once', () => {
    const rules = Array.from({length: 21}, (_, index) =>
      rule(
        index % 2
          ? {contains: {'data.params.command': `sudo${index}`}}
          : {matchesRegex: {'data.params.command': `(^|\\s)rm\\s+-rf\\s+/x${index}`}},
        {id: `r${index}`},
      ),
    )
    const policy = compilePolicy({toolGuard: {enabled: true, rules}})
    const call = {toolName: 'exec', params: {command: 'rm -rf /y; '.repeat(95_000)}}
    const times = Array.from({length: 5}, () => {
      const started = performance.now()
      assert.equal(judge(policy, new GuardState(), call, {now: 1}).verdict, 'allow')
      return performance.now() - started
    })
    assert.ok(times.sort((a, b) => a - b)[2]! < 50, `took ${times} ms`)
  })

  it('decides 10 MB where a text search can, and blocks where a pattern would have to run over it', () => {
    const command = 'a'.repeat(10_000_000)
    assert.equal(judgeWith([blockHit], {command}).verdict, 'allow')
    assert.equal(judgeWith([rule({matchesRegex: {'data.params.command': 'rm\\s+-rf'}})], {command}).verdict, 'allow')
    const verdict = judgeWith([rule({matchesRegex: {'data.params.command': '^(a+)+$'}})], {command})
    assert.equal(verdict.verdict, 'block')
    assert.equal(verdict.source, 'engine')
    assert.ok(command.length > patternInputLimit)
  })

  it('is not held up by a pattern that hangs elsewhere', () => {
    const started = performance.now()
    assert.equal(
      judgeWith([rule({matchesRegex: {'data.params.command': '^(a+)+$'}})], {command: `${'a'.repeat(200_000)}!`})
        .verdict,
      'allow',
    )
    assert.ok(performance.now() - started < 2000)
  })

  it('blocks at its deadline', () => {
    const rules = Array.from({length: 10}, (_, index) =>
      rule({contains: {'data.params.command': `x${index}`}}, {id: `r${index}`}),
    )
    const verdict = judgeWith(rules, {command: 'a'.repeat(1_000_000)}, {}, () => true)
    assert.equal(verdict.verdict, 'block')
    assert.match((verdict as {reason: string}).reason, /time ran out/)
  })

  it('compiles 2 000 rules and judges by them within milliseconds', () => {
    const rules = Array.from({length: 2000}, (_, index) =>
      rule(
        {toolName: 'exec', matchesRegex: {'data.params.command': `rm\\s+x${index}$`}},
        {id: `r${index}`, priority: index % 7},
      ),
    )
    const policy = compilePolicy({toolGuard: {enabled: true, rules}})
    const started = performance.now()
    for (let index = 0; index < 10; index++)
      judge(policy, new GuardState(), {toolName: 'exec', params: {command: 'rm -rf /'}}, {now: 1})
    assert.ok((performance.now() - started) / 10 < 20)
    assert.equal(
      judge(policy, new GuardState(), {toolName: 'exec', params: {command: 'rm x1999'}}, {now: 1}).verdict,
      'block',
    )
  })

  it('forgets the oldest rather than growing', () => {
    const policy = compilePolicy({
      toolGuard: {
        enabled: true,
        rules: [rule({rate: {count: 2, windowMs: 1e9, per: 'session'}}), rule({}, {id: 's', decision: {block: false}})],
        retryBackoffMs: 1e9,
        approvalCacheTtlMs: 1e9,
      },
    })
    const state = new GuardState()
    for (let index = 0; index < 60_000; index++) {
      judge(policy, state, {toolName: 'exec', params: {index}, sessionKey: `s${index}`}, {now: index})
    }
    assert.ok(state.allows.size <= 20_000 && state.rates.size <= 20_000 && state.usage.size <= 20_000)
  })
})
