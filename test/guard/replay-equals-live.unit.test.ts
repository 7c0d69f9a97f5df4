import assert from 'node:assert/strict'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import type {RunAction} from '../../src/lib/guard/action-port.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {evaluate} from '../../src/lib/guard/evaluate.ts'
import {createReplay} from '../../src/lib/guard/replay.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {anyCall, anyPolicy} from './policies.ts'

const answers: Record<string, string> = {
  yes: '{"block":false}',
  no: '{"block":true,"blockReason":"no {{path:data.params.command}}"}',
  silent: '',
  rewrites: '{"params":{"command":"safe"}}',
  asks: '{"ask":true}',
}

const runAction: RunAction = async ({actionId, payload}) => {
  if (actionId === 'fails') return {ok: false, message: 'exit 1'}
  if (actionId !== 'depends') return {ok: true, output: answers[actionId]!}
  return {ok: true, output: JSON.stringify({block: JSON.stringify(payload.event['data']).length % 2 === 0})}
}

describe('replay and live', () => {
  it('give the same verdict for every call of every sequence, memory included', async () => {
    await fc.assert(
      fc.asyncProperty(anyPolicy, fc.array(anyCall, {maxLength: 25}), async (policy, sequence) => {
        const compiled = compilePolicy(policy)
        const state = new GuardState()
        const replay = createReplay(
          {
            live: compiled,
            compileRedacted: () => compilePolicy(policy, {redactedAs: '[REDACTED'}),
            redactedAs: '[REDACTED',
          },
          {runAction: policy.toolGuard.dryRun ? undefined : runAction},
        )
        let now = 1_700_000_000_000
        for (const [index, {call, afterMs}] of sequence.entries()) {
          now += afterMs
          // The live call has gone through JSON too: that is how its params came from the model.
          const text = JSON.stringify({...call, timestamp: now})
          const live = await evaluate(compiled, JSON.parse(text), {state, clock: () => now, runAction})
          const replayed = await replay.next({line: index + 1, text})
          assert.ok(replayed?.kind === 'call')
          const {verdict, would} = replayed.replayed
          assert.equal(verdict, live.verdict)
          assert.equal(would.verdict, live.would ?? live.verdict)
          assert.equal(would.ruleId, live.ruleId)
          assert.equal(would.source, live.source)
          if (would.verdict === 'block') assert.equal(would.reason, live.reason)
          if (would.verdict === 'rewrite' && live.verdict === 'rewrite') assert.deepEqual(would.params, live.params)
        }
      }),
      {numRuns: 400, seed: 5},
    )
  })
})
