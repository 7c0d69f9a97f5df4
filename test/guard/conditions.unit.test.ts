import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import type {ToolCall} from '../../src/lib/guard/call.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {type Judgement, judge} from '../../src/lib/guard/judge.ts'
import {observe} from '../../src/lib/guard/observe.ts'
import type {GuardRule, RuleWhen} from '../../src/lib/guard/schema.ts'
import {compileShell} from '../../src/lib/guard/shell/compile-shell.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {recount} from '../../src/lib/guard/subject.ts'

const block = {block: true}
const command = 'data.params.command'

/** Judges calls in order, one rule against one memory; `at` is when each comes. */
function judgeAll(
  when: RuleWhen,
  calls: (Partial<ToolCall> & {at?: number})[],
  decision: GuardRule['decision'] = block,
): string[] {
  const policy = compilePolicy({toolGuard: {enabled: true, rules: [{id: 'r', when, decision}]}}, {compileShell})
  const state = new GuardState()
  return calls.map(
    ({at = 0, ...call}) => judge(policy, state, {toolName: 'exec', params: {}, ...call}, {now: at}).verdict,
  )
}

const matches = (when: RuleWhen, call: Partial<ToolCall>) => judgeAll(when, [call])[0] === 'block'
const runs = (line: unknown) => ({params: {command: line}})

describe('not, any and all', () => {
  it('combine conditions as they say', () => {
    const sudo = {contains: {[command]: 'sudo'}}
    assert.ok(matches({not: sudo}, runs('ls')) && !matches({not: sudo}, runs('sudo ls')))
    assert.ok(
      matches({any: [sudo, {toolName: 'exec'}]}, runs('ls')) && !matches({any: [sudo, {toolName: 'read'}]}, runs('ls')),
    )
    assert.ok(
      matches({all: [sudo, {toolName: 'exec'}]}, runs('sudo')) &&
        !matches({all: [sudo, {toolName: 'read'}]}, runs('sudo')),
    )
    assert.ok(!matches({toolName: 'read', not: sudo}, runs('ls')))
    assert.ok(matches({not: {not: {any: [sudo]}}}, runs('sudo')))
  })

  it('match nothing for an empty any and everything for an empty all', () => {
    assert.ok(!matches({any: []}, {}) && matches({all: []}, {}))
  })
})

describe('rate', () => {
  const rate = (per?: 'session' | 'agent' | 'tool') => ({rate: {count: 2, windowMs: 1000, ...(per && {per})}})

  it('matches the call after the last that is allowed, until the window has moved on', () => {
    const calls = [{at: 0}, {at: 10}, {at: 20}, {at: 999}, {at: 1990}, {at: 2991}]
    assert.deepEqual(judgeAll(rate(), calls), ['allow', 'allow', 'block', 'block', 'allow', 'allow'])
  })

  it('counts by session, by agent, or by tool within the session', () => {
    const calls = [
      {agentId: 'a', sessionKey: 's'},
      {agentId: 'a', sessionKey: 's', toolName: 'read'},
      {agentId: 'a', sessionKey: 't'},
      {agentId: 'a', sessionKey: 's'},
    ]
    assert.deepEqual(judgeAll(rate('session'), calls), ['allow', 'allow', 'allow', 'block'])
    assert.deepEqual(judgeAll(rate('agent'), calls), ['allow', 'allow', 'block', 'block'])
    assert.deepEqual(judgeAll(rate('tool'), calls), ['allow', 'allow', 'allow', 'allow'])
  })

  it('counts the calls that meet the conditions beside it, whoever decides on them', () => {
    const first: GuardRule = {id: 'first', when: {equals: {[command]: 'x'}}, decision: block, priority: 1}
    const second: GuardRule = {id: 'second', when: {contains: {[command]: 'x'}, ...rate()}, decision: {ask: {}}}
    const policy = compilePolicy({toolGuard: {enabled: true, rules: [first, second]}})
    const state = new GuardState()
    const verdicts = ['x', 'x', 'ls', 'xy'].map(
      (line) => judge(policy, state, {toolName: 'exec', ...runs(line)} as ToolCall, {now: 0}).verdict,
    )
    assert.deepEqual(verdicts, ['block', 'block', 'allow', 'ask'])
  })
})

describe('usage', () => {
  const usage = (event: Partial<ClawEvent>): ClawEvent => ({
    eventId: 'e',
    schemaVersion: '1.2.0',
    timestamp: '2026-11-18T08:00:00.000Z',
    type: 'agent.llm_output',
    eventCategory: 'agent',
    eventName: 'llm_output',
    source: 'plugin-hook',
    agentId: 'a',
    sessionKey: 's',
    runId: 'r',
    correlationId: 'c',
    visibility: 'internal',
    data: {usage: {total: 600}},
    ...event,
  })

  it('counts the calls before this one, by session or run', () => {
    const calls = [
      {sessionKey: 's', runId: '1'},
      {sessionKey: 's', runId: '2'},
      {sessionKey: 's', runId: '2'},
    ]
    assert.deepEqual(judgeAll({usage: {toolCallsGte: 2}}, calls), ['allow', 'allow', 'block'])
    assert.deepEqual(judgeAll({usage: {toolCallsGte: 1, per: 'run'}}, calls), ['allow', 'allow', 'block'])
    assert.deepEqual(judgeAll({usage: {toolCallsGte: 1}}, [{}, {}]), ['allow', 'allow'])
  })

  it('matches on tokens once they are known and enough', () => {
    const policy = compilePolicy({
      toolGuard: {enabled: true, rules: [{id: 'r', when: {usage: {tokensGte: 1000}}, decision: block}]},
    })
    const state = new GuardState()
    const call = {toolName: 'exec', agentId: 'a', sessionKey: 's'}
    const verdict = () => judge(policy, state, call, {now: 0}).verdict
    assert.equal(verdict(), 'allow')
    observe(state, usage({}))
    assert.equal(verdict(), 'allow')
    observe(state, usage({data: {usage: {input: 300, output: 100}}}))
    observe(state, usage({data: {}}))
    observe(state, usage({sessionKey: 'other'}))
    assert.equal(verdict(), 'block')
  })

  it('counts the tokens of a run once, whether its turns told of them, its end, or both', () => {
    const end = (tokens: number, event: Partial<ClawEvent> = {}) =>
      usage({type: 'lifecycle.end', data: {}, metadata: {usage: {total: tokens}}, ...event})
    const tokensAfter = (...events: ClawEvent[]) => {
      const state = new GuardState()
      for (const event of events) observe(state, event)
      return ['session', 'run'].map((scope) => state.usage.peek(JSON.stringify([scope, 'a', scope[0]]))?.tokens)
    }
    assert.deepEqual(tokensAfter(end(900)), [900, 900])
    assert.deepEqual(tokensAfter(usage({}), end(900)), [900, 900])
    assert.deepEqual(tokensAfter(end(900), usage({}), usage({})), [1200, 1200])
    assert.deepEqual(tokensAfter(usage({}), end(500)), [600, 600])
    assert.deepEqual(tokensAfter(end(900), end(200, {runId: 'other', type: 'lifecycle.error'})), [1100, 900])
    assert.deepEqual(tokensAfter(usage({runId: undefined}), end(900, {runId: undefined})), [600, undefined])
  })

  it('is rebuilt from the log after a restart, rates too', () => {
    const when = {any: [{usage: {toolCallsGte: 3}}, {rate: {count: 2, windowMs: 1000}}]}
    const policy = compilePolicy({toolGuard: {enabled: true, rules: [{id: 'r', when, decision: block}]}})
    const state = new GuardState()
    const called = (ms: number): ClawEvent => ({
      ...usage({}),
      type: 'tool.called',
      timestamp: new Date(ms).toISOString(),
      data: {toolName: 'exec', params: {}},
    })
    for (const ms of [0, 10]) recount(policy, state, called(ms))
    const call = {toolName: 'exec', agentId: 'a', sessionKey: 's'}
    assert.equal(judge(policy, state, call, {now: 20}).verdict, 'block')
    assert.equal(judge(policy, new GuardState(), call, {now: 20}).verdict, 'allow')
  })
})

describe('shell', () => {
  const shell = {shell: {program: 'rm', args: ['-rf']}}

  it('looks into command lines and lists of words', () => {
    assert.ok(matches(shell, runs('cd /tmp && sudo rm -r -f x')))
    assert.ok(matches(shell, runs(['rm', '-rf', 'a b'])))
    assert.ok(!matches(shell, runs('echo rm -rf')) && !matches(shell, {}) && !matches(shell, runs(5)))
  })

  it('assumes that what cannot be read ahead matches a rule that blocks, and says so', () => {
    const policy = compilePolicy(
      {toolGuard: {enabled: true, rules: [{id: 'r', when: shell, decision: block}]}},
      {compileShell},
    )
    const verdict = judge(policy, new GuardState(), {toolName: 'exec', params: {command: 'eval "$X"'}}, {now: 0})
    assert.equal(verdict.verdict, 'block')
    assert.ok('assumed' in verdict && verdict.assumed !== undefined)
  })

  it('assumes that it does not match a rule that allows, nor its opposite a rule that blocks', () => {
    assert.deepEqual(judgeAll({shell: {program: 'ls'}}, [runs('eval "$X"')], {block: false}), ['allow'])
    const rules: GuardRule[] = [
      {id: 'only-ls', when: {shell: {program: 'ls'}}, decision: {block: false}, priority: 1},
      {id: 'rest', when: {}, decision: block},
    ]
    const policy = compilePolicy({toolGuard: {enabled: true, rules}}, {compileShell})
    const verdictOf = (line: string) =>
      judge(policy, new GuardState(), {toolName: 'exec', params: {command: line}}, {now: 0}).verdict
    assert.equal(verdictOf('ls -la'), 'allow')
    assert.equal(verdictOf('eval "$X"'), 'block')
    assert.ok(matches({not: {shell: {program: 'ls'}}}, runs('eval "$X"')))
  })
})

describe('redacted calls', () => {
  function judged(rules: GuardRule[], params: unknown): Judgement {
    const policy = compilePolicy({toolGuard: {enabled: true, rules}}, {redactedAs: '[REDACTED'})
    return judge(policy, new GuardState(), {toolName: 'exec', params} as ToolCall, {now: 0})
  }
  const sudo: GuardRule = {id: 'sudo', when: {contains: {[command]: 'sudo'}}, decision: block}

  it('are undecidable where a rule looks at what was redacted', () => {
    for (const params of [{command: '[REDACTED]'}, '[REDACTED]', {command: 'x [REDACTED:aws-key] y'}]) {
      const judgement = judged([sudo], params)
      assert.equal(judgement.verdict, 'undecidable')
      assert.equal(judgement.ruleId, 'sudo')
    }
    assert.equal(
      judged([{...sudo, when: {notInList: {[command]: ['x']}}}], {command: '[REDACTED]'}).verdict,
      'undecidable',
    )
  })

  it('are decided where what is left suffices', () => {
    assert.equal(judged([sudo], {command: 'sudo login [REDACTED]'}).verdict, 'block')
    assert.equal(judged([sudo], {command: 'ls', token: '[REDACTED]'}).verdict, 'allow')
    assert.equal(judged([{...sudo, when: {toolName: 'read', ...sudo.when}}], {command: '[REDACTED]'}).verdict, 'allow')
    assert.equal(
      judged([{...sudo, when: {any: [{toolName: 'exec'}, sudo.when]}}], {command: '[REDACTED]'}).verdict,
      'block',
    )
  })

  it('are decided where it makes no difference', () => {
    const all: GuardRule = {id: 'all', when: {}, decision: block}
    assert.equal(judged([sudo, all], {command: '[REDACTED]'}).ruleId, 'all')
    const allow: GuardRule = {...sudo, decision: {block: false}}
    assert.equal(judged([allow], {command: '[REDACTED]'}).verdict, 'allow')
    assert.equal(judged([allow, all], {command: '[REDACTED]'}).verdict, 'undecidable')
  })
})
