import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import type {ActionOutcome, RunAction} from '../../src/lib/guard/action-port.ts'
import type {ToolCall} from '../../src/lib/guard/call.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {evaluate, noteAnswer} from '../../src/lib/guard/evaluate.ts'
import type {GuardRule, ToolGuardConfig} from '../../src/lib/guard/schema.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import type {Verdict} from '../../src/lib/guard/verdict.ts'

const hook = {type: 'local_script', path: '/hooks/ask'} as const

/** A live guard with a clock that is set by hand and an action that answers what it is told to. */
function guard(
  rules: GuardRule[],
  settings: Partial<ToolGuardConfig> = {},
  answer: RunAction = async () => ({ok: true, output: ''}),
) {
  const policy = compilePolicy({toolGuard: {enabled: true, rules, ...settings}, actions: {ask: hook}})
  const state = new GuardState()
  const asked: string[] = []
  let now = 0
  const runAction: RunAction = (request) => {
    asked.push(request.actionId)
    return answer(request)
  }
  const judge = (call: Partial<ToolCall> = {}): Verdict | Promise<Verdict> =>
    evaluate(policy, {toolName: 'exec', params: {command: 'ls'}, ...call}, {state, clock: () => now, runAction})
  return {policy, state, asked, judge, at: (time: number) => (now = time)}
}

const says =
  (decision: object): RunAction =>
  async () => ({ok: true, output: JSON.stringify(decision)})
const asks: GuardRule = {id: 'asks', when: {}, action: 'ask'}
const other = {params: {command: 'pwd'}}

describe('the live guard', () => {
  it('decides at once where no action is needed', () => {
    const {judge} = guard([{id: 'r', when: {}, decision: {block: true}}])
    assert.ok(!(judge() instanceof Promise))
  })

  it('judges nothing while it is disabled', () => {
    const {judge} = guard([{id: 'r', when: {}, decision: {block: true}}], {enabled: false})
    assert.deepEqual(judge(), {verdict: 'allow', source: 'none'})
  })

  it('blocks nothing and runs no action in a dry run, but says what would have been', async () => {
    const dry = guard([{id: 'r', when: {}, decision: {block: true, blockReason: 'no'}}], {dryRun: true})
    assert.deepEqual(dry.judge(), {verdict: 'allow', would: 'block', reason: 'no', ruleId: 'r', source: 'rule'})
    const action = guard([asks], {dryRun: true}, says({block: true}))
    assert.deepEqual(action.judge(), {
      verdict: 'allow',
      would: 'action',
      ruleId: 'asks',
      actionId: 'ask',
      source: 'action',
    })
    assert.deepEqual(action.asked, [])
  })

  it('tells the action the rule and the event, and gives it the time that is left', async () => {
    let request: Parameters<RunAction>[0] | undefined
    const {judge} = guard([asks], {timeoutMs: 900}, async (given) => {
      request = given
      return {ok: true, output: ''}
    })
    await judge({agentId: 'main'})
    assert.equal(request?.timeoutMs, 900)
    assert.equal(request?.payload.ruleId, 'asks')
    assert.deepEqual(request?.payload.event['data'], {toolName: 'exec', params: {command: 'ls'}})
    assert.equal(request?.payload.event['timestamp'], '1970-01-01T00:00:00.000Z')
  })

  it('blocks when its time is over before every action was asked', async () => {
    const rules = [asks, {...asks, id: 'second'}]
    const slow = guard(rules, {timeoutMs: 500, onError: 'allow'}, async () => {
      slow.at(501)
      return {ok: true, output: ''}
    })
    const verdict = await slow.judge()
    assert.equal(verdict.verdict, 'block')
    assert.equal(verdict.source, 'engine')
    assert.match(verdict.reason ?? '', /500 ms ran out/)
    assert.equal(slow.asked.length, 1)
  })

  it('takes a runner that rejects for an action that failed', async () => {
    const failing: RunAction = () => Promise.reject(new Error('boom'))
    assert.equal((await guard([asks], {onError: 'allow'}, failing).judge()).verdict, 'allow')
    const verdict = await guard([asks], {onError: 'block'}, failing).judge()
    assert.equal(verdict.reason, 'Tool guard failed for rule "asks": boom')
  })

  it('hides secrets in what a failed action printed', async () => {
    const failing: RunAction = async () => ({
      ok: false,
      message: 'exit 1: token=ghp_abcdefghijklmnopqrstuvwxyz0123456789',
    })
    const {reason} = await guard([asks], {onError: 'block'}, failing).judge()
    assert.ok(!reason?.includes('ghp_abc'), reason)
  })

  it('asks once for identical calls at the same time where an approval is remembered', async () => {
    let answer: (outcome: ActionOutcome) => void = () => undefined
    const waiting: RunAction = () => new Promise((resolve) => (answer = resolve))
    const {judge, asked} = guard([asks], {approvalCacheTtlMs: 1000}, waiting)
    const verdicts = [judge(), judge(), judge({agentId: 'other'})]
    assert.equal(asked.length, 2)
    answer({ok: true, output: '{"block":false}'})
    void verdicts
  })

  it('asks for each call where nothing is remembered', async () => {
    const {judge, asked} = guard([asks], {}, says({block: false}))
    await Promise.all([judge(), judge()])
    assert.equal(asked.length, 2)
  })

  it('remembers what a human answered to an ask', () => {
    const {policy, state, judge, at} = guard([{id: 'r', when: {}, decision: {ask: {}}}], {
      approvalCacheTtlMs: 1000,
      retryBackoffMs: 1000,
    })
    const verdict = judge() as Verdict
    assert.equal(verdict.verdict, 'ask')
    assert.equal(verdict.ask?.title, 'Allow exec?')
    noteAnswer(policy, state, {toolName: 'exec', params: {command: 'ls'}}, verdict, true, 0)
    assert.deepEqual(judge(), {verdict: 'allow', ruleId: 'r', source: 'cache'})
    assert.equal((judge(other) as Verdict).verdict, 'ask')
    noteAnswer(policy, state, {toolName: 'exec', ...other}, verdict, false, 0)
    assert.equal((judge(other) as Verdict).source, 'backoff')
    at(1000)
    assert.equal((judge() as Verdict).verdict, 'ask')
  })
})

describe('cooldowns', () => {
  const cooled: GuardRule = {...asks, cooldownMs: 1000}

  it('hold a block for every call of the rule, and then the action runs again', async () => {
    const {judge, asked, at} = guard([cooled], {}, says({block: true, blockReason: 'no'}))
    assert.equal((await judge()).source, 'action')
    at(999)
    assert.deepEqual(await judge({...other, agentId: 'x'}), {
      verdict: 'block',
      ruleId: 'asks',
      actionId: 'ask',
      source: 'cache',
      reason: 'no',
    })
    at(1000)
    assert.equal((await judge(other)).source, 'action')
    assert.equal(asked.length, 2)
  })

  it('hold an allow for the same agent, session, tool and params only', async () => {
    const {judge, asked} = guard([cooled], {}, says({block: false}))
    await judge({agentId: 'a', sessionKey: 's'})
    assert.equal((await judge({agentId: 'a', sessionKey: 's'})).source, 'cache')
    for (const call of [
      {agentId: 'b', sessionKey: 's'},
      {agentId: 'a', sessionKey: 't'},
      {agentId: 'a', sessionKey: 's', toolName: 'read'},
      {agentId: 'a', sessionKey: 's', ...other},
    ]) {
      assert.equal((await judge(call)).source, 'action')
    }
    assert.equal(asked.length, 5)
  })

  it('do not remember an action that failed or had no opinion', async () => {
    const outcomes: ActionOutcome[] = [
      {ok: false, message: 'x'},
      {ok: true, output: ''},
      {ok: true, output: 'ok'},
    ]
    for (const outcome of outcomes) {
      const {judge, asked} = guard([cooled], {}, async () => outcome)
      await judge()
      await judge()
      assert.equal(asked.length, 2)
    }
  })
})
