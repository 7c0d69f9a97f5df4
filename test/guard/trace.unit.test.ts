import assert from 'node:assert/strict'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {judge} from '../../src/lib/guard/judge.ts'
import type {GuardRule} from '../../src/lib/guard/schema.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {anyCall, anyPolicy} from './policies.ts'

const rules: GuardRule[] = [
  {id: 'web', when: {toolName: 'web_fetch'}, decision: {block: true}, priority: 1},
  {
    id: 'sudo',
    when: {contains: {'data.params.command': 'sudo'}, any: [{agentId: 'main'}, {requiredPaths: ['data.params.cwd']}]},
    decision: {block: true},
  },
  {id: 'rest', when: {}, decision: {block: false}},
]

describe('a trace', () => {
  it('shows every rule that was tried, with each condition and what was found', () => {
    const policy = compilePolicy({toolGuard: {enabled: true, rules, retryBackoffMs: 1, approvalCacheTtlMs: 1}})
    const call = {toolName: 'exec', params: {command: 'ls'}, agentId: 'main'}
    const {trace} = judge(policy, new GuardState(), call, {now: 0, trace: true})
    assert.deepEqual(trace, [
      {step: 'backoff', hit: false},
      {step: 'cache', hit: false},
      {
        step: 'rule',
        ruleId: 'web',
        matched: false,
        conditions: [{condition: 'toolName', expected: 'web_fetch', found: '"exec"', holds: false}],
      },
      {
        step: 'rule',
        ruleId: 'sudo',
        matched: false,
        conditions: [
          {condition: 'contains', path: 'data.params.command', expected: 'sudo', found: '"ls"', holds: false},
          {
            condition: 'any',
            expected: rules[1]!.when.any,
            holds: true,
            inner: [
              [{condition: 'agentId', expected: 'main', found: '"main"', holds: true}],
              [
                {
                  condition: 'requiredPaths',
                  path: 'data.params.cwd',
                  expected: 'present',
                  found: 'nothing',
                  holds: false,
                },
              ],
            ],
          },
        ],
      },
      {step: 'rule', ruleId: 'rest', matched: true, ledTo: 'decided', conditions: []},
    ])
  })

  it('cuts what it found short', () => {
    const policy = compilePolicy({toolGuard: {enabled: true, rules: [rules[1]!]}})
    const {trace} = judge(
      policy,
      new GuardState(),
      {toolName: 'exec', params: {command: 'x'.repeat(1e6)}},
      {now: 0, trace: true},
    )
    assert.ok(JSON.stringify(trace).length < 1500)
  })

  it('changes no verdict', () => {
    const redacted = anyCall.map((one) => ({
      ...one,
      call: {...one.call, params: {...(one.call.params as object), command: '[REDACTED]'}},
    }))
    fc.assert(
      fc.property(anyPolicy, fc.array(fc.oneof(anyCall, redacted), {maxLength: 12}), (policy, sequence) => {
        const compiled = compilePolicy(policy, {redactedAs: '[REDACTED'})
        const [plain, traced] = [new GuardState(), new GuardState()]
        let now = 0
        for (const {call, afterMs} of sequence) {
          now += afterMs
          const without = judge(compiled, plain, call, {now})
          const {trace, ...withTrace} = judge(compiled, traced, call, {now, trace: true})
          assert.ok(Array.isArray(trace))
          const comparable = (judgement: object) => JSON.stringify({...judgement, resume: undefined})
          assert.equal(comparable(withTrace), comparable(without))
        }
      }),
      {numRuns: 500, seed: 6},
    )
  })
})
