import assert from 'node:assert/strict'
import type {Verdict} from '../../src/lib/guard/verdict.ts'
import type {Expected} from './recorded.ts'

export function assertVerdict(verdict: Verdict, expected: Expected): void {
  for (const key of ['verdict', 'source', 'ruleId', 'actionId', 'params', 'would'] as const) {
    // In a dry run we say who would have decided; the recorded plugin said nobody.
    if (key === 'source' && verdict.would !== undefined) continue
    if (expected[key] === undefined) continue
    assert.deepEqual(verdict[key], expected[key], `${key} of ${JSON.stringify(verdict)}`)
  }
  if (expected.reason instanceof RegExp) assert.match(verdict.reason ?? '', expected.reason)
  else if (expected.reason !== undefined) assert.equal(verdict.reason, expected.reason)
}
