import assert from 'node:assert/strict'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import type {ToolCall} from '../../src/lib/guard/call.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {type Because, createExplainer, isSame} from '../../src/lib/guard/difference.ts'
import {judge} from '../../src/lib/guard/judge.ts'
import type {Policy} from '../../src/lib/guard/policy.ts'
import {editsBetween, withEdits} from '../../src/lib/guard/policy-edits.ts'
import type {GuardRule} from '../../src/lib/guard/schema.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {anyCall, anyPolicy} from './policies.ts'

const block = {block: true}
const noSudo: GuardRule = {
  id: 'no-sudo',
  when: {toolName: 'exec', contains: {'data.params.command': 'sudo'}},
  decision: block,
}
const noDelete: GuardRule = {id: 'no-delete', when: {contains: {'data.params.command': 'rm'}}, decision: block}
const allowAll: GuardRule = {id: 'allow', when: {}, decision: {block: false}, priority: -1}
const sudo: ToolCall = {toolName: 'exec', params: {command: 'sudo ls'}}

function policy(...rules: GuardRule[]): Policy {
  return {toolGuard: {enabled: true, rules}}
}

function because(old: Policy, now: Policy, call: ToolCall): Because {
  const judged = (one: Policy) => judge(compilePolicy(one), new GuardState(), call, {now: 0})
  return createExplainer(old, now, {})(call, 0, judged(old), judged(now))
}

describe('what makes two policies differ on a call', () => {
  it('is the one condition that was changed, among other changes', () => {
    const now = policy(
      {...noSudo, when: {toolName: 'exec', contains: {'data.params.command': 'sudo rm'}}, stopOnMatch: true},
      {...noDelete, when: {contains: {'data.params.command': 'rm -rf'}}},
    )
    assert.deepEqual(because(policy(noSudo, noDelete), now, sudo), {
      kind: 'edits',
      edits: [{ruleId: 'no-sudo', what: 'when.contains["data.params.command"]', old: 'sudo', new: 'sudo rm'}],
    })
  })

  it('is a rule that was added or taken away', () => {
    const added = because(policy(noDelete), policy(noDelete, noSudo), sudo)
    assert.deepEqual(added, {kind: 'edits', edits: [{ruleId: 'no-sudo', what: 'rule', old: undefined, new: noSudo}]})
    const gone = because(policy(noDelete, noSudo), policy(noDelete), sudo)
    assert.deepEqual(gone, {kind: 'edits', edits: [{ruleId: 'no-sudo', what: 'rule', old: noSudo, new: undefined}]})
  })

  it('is a priority or the order of rules', () => {
    const raised = because(policy(noSudo, allowAll), policy(noSudo, {...allowAll, priority: 1}), sudo)
    assert.deepEqual(raised, {kind: 'edits', edits: [{ruleId: 'allow', what: 'priority', old: -1, new: 1}]})
    const level = {...allowAll, priority: 0}
    const moved = because(policy(noSudo, level), policy(level, noSudo), sudo)
    assert.equal(moved.kind === 'edits' && moved.edits.map(({what}) => what).join(), 'order')
  })

  it('is two changes where neither alone is enough', () => {
    const now = policy({
      ...noSudo,
      when: {toolName: 'exec', contains: {'data.params.command': 'su'}, equals: {'data.params.a': 1}},
    })
    const old = policy({
      ...noSudo,
      when: {toolName: 'web', contains: {'data.params.command': 'nothing'}, equals: {'data.params.a': 1}},
    })
    const edits = because(old, now, {toolName: 'exec', params: {command: 'sudo', a: 1}})
    assert.equal(
      edits.kind === 'edits' && edits.edits.map(({what}) => what).join(' '),
      'when.toolName when.contains["data.params.command"]',
    )
  })

  it('is the history where the call alone is judged the same', () => {
    const old = compilePolicy(policy(noSudo))
    const verdict = judge(old, new GuardState(), sudo, {now: 0})
    const explain = createExplainer(policy(noSudo), policy(noSudo), {})
    assert.deepEqual(explain(sudo, 0, verdict, {verdict: 'allow', source: 'cache'}), {kind: 'history'})
  })

  it('is, with all changes made, the new policy itself', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyCall, (old, now, {call}) => {
        const mixed = withEdits(old, now, editsBetween(old, now))
        const judged = (one: Policy) =>
          judge(compilePolicy({...one, actions: now.actions}), new GuardState(), call, {now: 0})
        assert.ok(isSame(judged(mixed), judged(now)))
        assert.ok(isSame(judged(withEdits(old, now, [])), judged(old)))
      }),
      {numRuns: 500, seed: 9},
    )
  })
})
