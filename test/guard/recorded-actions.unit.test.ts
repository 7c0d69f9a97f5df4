import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {describe, it} from 'vitest'
import type {ActionOutcome, RunAction} from '../../src/lib/guard/action-port.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {evaluate} from '../../src/lib/guard/evaluate.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {assertVerdict} from './assert-verdict.ts'
import {choices} from './decisions.ts'
import {callsOf, expectedOf, type RecordedCase, recordedCases} from './recorded.ts'

// What the engine makes of an action's outcome. How scripts and webhooks are really run is tested with the runner.
describe('recorded guard cases, what an action answers', () => {
  for (const recorded of recordedCases('guard-actions')) {
    const choice = recorded.disputed ? choices[recorded.id] : undefined
    it(`${recorded.id}: ${choice === undefined ? recorded.description : `${recorded.description}: ${choice.why}`}`, async () => {
      assert.equal(choice !== undefined, recorded.disputed === true, 'every disputed case has a decision')
      const wanted = Array.isArray(choice?.want) ? choice.want : recorded.peerDecisions.map(expectedOf)
      const policy = compilePolicy({toolGuard: recorded.toolGuardConfig, actions: recorded.actions})
      const state = new GuardState()
      for (const [index, {call, at}] of callsOf(recorded).entries()) {
        const verdict = await evaluate(policy, call, {state, clock: () => at, runAction: runnerOf(recorded)})
        assertVerdict(verdict, wanted[index]!)
      }
    })
  }
})

/** Gives the recorded failure where there was one, else runs the script's body or gives the webhook's answer. */
function runnerOf({id, actions, scripts, webhooks, peerDecisions}: RecordedCase): RunAction {
  return async ({actionId}): Promise<ActionOutcome> => {
    const failure = /^Tool guard failed for rule "[^"]*": (.*)$/s.exec(peerDecisions[0]?.decision?.blockReason ?? '')
    if (failure !== null && id !== 'script.noread') return {ok: false, message: failure[1]!}
    const action = actions?.[actionId]
    assert.ok(action)
    if (action.type === 'webhook')
      return answerOf(webhooks?.[new URL(action.url.replace(/^\$\{WEBHOOK\}/, 'http://hook')).pathname])
    const file = action.path.replace(/^\$\{SCRIPTS\}\//, '')
    const target = scripts?.[file]?.symlink ?? file
    const {status, stdout, stderr} = spawnSync('sh', [
      '-c',
      scripts?.[target]?.body ?? '',
      file,
      ...(action.args ?? []),
    ])
    return status === 0 ? {ok: true, output: String(stdout)} : {ok: false, message: `exit ${status}: ${stderr}`}
  }
}

function answerOf(answer: {status: number; body?: string} | null | undefined): ActionOutcome {
  if (!answer || answer.status >= 300) return {ok: false, message: `status ${answer?.status}`}
  return {ok: true, output: answer.body ?? ''}
}
