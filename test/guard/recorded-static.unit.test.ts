import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {evaluate} from '../../src/lib/guard/evaluate.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import type {Verdict} from '../../src/lib/guard/verdict.ts'
import {assertVerdict} from './assert-verdict.ts'
import {choices} from './decisions.ts'
import {callsOf, expectedOf, type RecordedCase, recordedCases} from './recorded.ts'

describe('recorded guard cases, static decisions', () => {
  for (const recorded of recordedCases('guard-static')) {
    const choice = recorded.disputed ? choices[recorded.id] : undefined
    const title = choice === undefined ? recorded.description : `${recorded.description}: ${choice.why}`
    it(`${recorded.id}: ${title}`, () => {
      assert.equal(choice !== undefined, recorded.disputed === true, 'every disputed case has a decision')
      if (choice?.want === 'fault') return
      const wanted = Array.isArray(choice?.want) ? choice.want : recorded.peerDecisions.map(expectedOf)
      const verdicts = judgeAll(recorded)
      assert.equal(verdicts.length, wanted.length)
      for (const [index, expected] of wanted.entries()) assertVerdict(verdicts[index]!, expected)
    })
  }
})

function judgeAll(recorded: RecordedCase): Verdict[] {
  const policy = compilePolicy({toolGuard: recorded.toolGuardConfig, actions: recorded.actions})
  const state = new GuardState()
  return callsOf(recorded).map(({call, at}) => {
    const verdict = evaluate(policy, call, {
      state,
      clock: () => at,
      runAction: () => Promise.reject(new Error('no action')),
    })
    assert.ok(!(verdict instanceof Promise))
    return verdict
  })
}
