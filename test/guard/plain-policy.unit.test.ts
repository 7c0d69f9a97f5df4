import assert from 'node:assert/strict'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import {checkRules} from '../../src/lib/config/checks-guard.ts'
import {mergeLayers} from '../../src/lib/config/layers.ts'
import {parseConfig} from '../../src/lib/config/parse.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {isSame} from '../../src/lib/guard/difference.ts'
import {judge} from '../../src/lib/guard/judge.ts'
import {isPlainPolicy} from '../../src/lib/guard/plain-policy.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {anyCall, anyPolicy} from './policies.ts'

const keys = [
  'id',
  'enabled',
  'dryRun',
  'priority',
  'when',
  'decision',
  'block',
  'blockReason',
  'params',
  'ask',
  'action',
  'rules',
  'onError',
  'toolName',
  'contains',
  'equals',
  'matchesRegex',
  'requiredPaths',
  'inList',
  'domainBlocklist',
  'domainPath',
  'shell',
  'nonsense',
  '__proto__',
]
const values = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    1.5,
    -1,
    '',
    ' ',
    'x',
    '(',
    'a b',
    [],
    ['x'],
    [1],
    [''],
    {},
    {x: 'y'},
    {x: ['']},
    {x: 5},
    {block: true},
  ),
  fc.jsonValue({maxDepth: 2}),
)

/** A copy in which one place anywhere holds something else, or something more. */
function mutated(value: unknown, steps: number[], key: string, put: unknown): unknown {
  if (typeof value !== 'object' || value === null) return put
  const copy = structuredClone(value) as Record<string, unknown>
  const inside = Object.keys(copy)
  const [step = 0, ...rest] = steps
  const chosen = inside[step % (inside.length + 1)]
  if (chosen === undefined || steps.length === 0)
    Object.defineProperty(copy, key, {value: put, enumerable: true, configurable: true, writable: true})
  else copy[chosen] = mutated(copy[chosen], rest, key, put)
  return copy
}

function faultsOf(toolGuard: unknown) {
  const merged = mergeLayers([{values: {hookBridge: {toolGuard}}, originOf: () => ({kind: 'file', name: 'p'})}])
  const {config, faults} = parseConfig(merged)
  return {faults: [...faults, ...checkRules(merged)], parsed: config.hookBridge.toolGuard}
}

const simple = anyPolicy.map(({toolGuard: {rules, ...settings}}) => ({
  ...settings,
  rules: rules.map(({id, when: {rate, usage, not, any, all, ...when}, priority}) => ({
    id,
    when,
    ...(priority !== undefined && {priority}),
    decision: {block: id !== 'r1', blockReason: 'x'},
  })),
}))

describe('a plain policy', () => {
  it('is one that the schema accepts, and judges the same by', () => {
    let plain = 0
    fc.assert(
      fc.property(
        simple,
        fc.boolean(),
        fc.array(fc.nat(), {maxLength: 6}),
        fc.constantFrom(...keys),
        values,
        anyCall,
        (policy, isMutated, steps, key, put, {call}) => {
          const candidate = isMutated ? mutated(policy, steps, key, put) : policy
          if (!isPlainPolicy(candidate)) return
          plain++
          const {faults, parsed} = faultsOf(candidate)
          assert.deepEqual(faults, [], JSON.stringify(candidate))
          const judged = (toolGuard: typeof parsed | typeof candidate) =>
            judge(compilePolicy({toolGuard}), new GuardState(), call, {now: 0})
          assert.ok(isSame(judged(parsed), judged(candidate)))
        },
      ),
      {numRuns: 3000, seed: 8},
    )
    assert.ok(plain > 200, `${plain}`)
  })

  it('is not one that needs a look at more than its rules', () => {
    const rule = {id: 'r', when: {}, decision: {block: true}}
    assert.ok(isPlainPolicy({rules: [rule]}) && isPlainPolicy({rules: []}))
    for (const other of [
      {},
      {rules: [rule, rule]},
      {rules: [{...rule, action: 'a'}]},
      {rules: [{...rule, decision: {}}]},
      {rules: [rule], redaction: {}},
      {rules: [{id: 'r', decision: {block: true}}]},
    ]) {
      assert.ok(!isPlainPolicy(other), JSON.stringify(other))
    }
  })
})
