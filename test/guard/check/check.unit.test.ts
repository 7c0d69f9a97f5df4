import assert from 'node:assert/strict'
import fc from 'fast-check'
import {describe, it} from 'vitest'
import {checkPolicy} from '../../../src/lib/guard/check/check.ts'
import type {Finding} from '../../../src/lib/guard/check/finding.ts'
import {implies} from '../../../src/lib/guard/check/implies.ts'
import {compilePolicy} from '../../../src/lib/guard/compile.ts'
import {judge} from '../../../src/lib/guard/judge.ts'
import type {Policy} from '../../../src/lib/guard/policy.ts'
import type {GuardRule, RuleWhen} from '../../../src/lib/guard/schema.ts'
import {GuardState} from '../../../src/lib/guard/state.ts'
import {anyCall, anyPolicy} from '../policies.ts'

const block = {block: true}
const allow = {block: false}
const exec = {toolName: 'exec'}
const command = 'data.params.command'
const url = 'data.params.url'

function check(
  rules: Partial<GuardRule>[],
  settings: Partial<Policy['toolGuard']> = {},
  actions: Policy['actions'] = {},
): Finding[] {
  const numbered = rules.map((rule, index) => ({id: `r${index}`, when: {}, ...rule}))
  return checkPolicy({toolGuard: {enabled: true, ...settings, rules: numbered}, actions})
}

const brief = (findings: Finding[]) =>
  findings.map(({severity, code, ruleId, path}) => `${severity} ${code} ${ruleId ?? '-'} ${path}`)
const one = (when: RuleWhen, decision: GuardRule['decision'] = block) => brief(check([{when, decision}]))

describe('toolguard check', () => {
  it('finds nothing in a policy that is as it should be', () => {
    const rules = [
      {
        when: {toolName: 'web_fetch', domainNotInList: ['example.com', '10.0.0.0/8']},
        decision: {block: true, blockReason: 'no {{path:data.params.url}}'},
      },
      {when: {...exec, contains: {[command]: 'git push'}}, decision: allow, priority: 5},
      {when: {...exec, contains: {[command]: 'git'}}, decision: block},
      {when: {toolName: 'read', matchesRegex: {'data.params.path': '^/etc/'}}, decision: {ask: {}}},
      {when: {toolName: 'web', notMatchesRegex: {[url]: '^https://'}}, decision: block},
    ]
    assert.deepEqual(check(rules), [])
  })

  it('calls an allow that hides a block an error', () => {
    const findings = check([
      {when: {...exec, requiredPaths: [command]}, decision: allow, priority: 100},
      {when: {...exec, matchesRegex: {[command]: 'rm\\s+-rf'}}, decision: block},
    ])
    assert.deepEqual(brief(findings), ['error allow-first r1 rules[1]'])
    assert.match(findings[0]!.message, /"r0" comes first/)
  })

  it('warns of an allow that overlaps a block without being an exception to it', () => {
    const overlap = [
      {when: {contains: {[command]: 'git'}}, decision: allow},
      {when: {contains: {[command]: 'sudo'}}, decision: block},
    ]
    assert.deepEqual(brief(check(overlap)), ['warning allow-first r0 rules[0]'])
    const apart = [
      {when: {toolName: 'read'}, decision: allow},
      {when: {...exec, contains: {[command]: 'sudo'}}, decision: block},
    ]
    assert.deepEqual(check(apart), [])
  })

  it('finds rules that others leave nothing', () => {
    const shadowed = (first: RuleWhen, second: RuleWhen) =>
      brief(
        check([
          {when: first, decision: block},
          {when: second, decision: block},
        ]),
      )
    assert.deepEqual(shadowed({}, exec), ['warning unreachable r1 rules[1]'])
    assert.deepEqual(shadowed({contains: {[command]: 'rm'}}, {contains: {[command]: 'rm -rf'}}), [
      'warning unreachable r1 rules[1]',
    ])
    assert.deepEqual(shadowed({toolName: ['exec', 'read']}, {...exec, agentId: 'main'}), [
      'warning unreachable r1 rules[1]',
    ])
    assert.deepEqual(shadowed({domainBlocklist: ['a.net', 'b.net']}, {domainBlocklist: ['a.net']}), [
      'warning unreachable r1 rules[1]',
    ])
    assert.deepEqual(shadowed({any: [exec, {toolName: 'read'}]}, exec), ['warning unreachable r1 rules[1]'])
    assert.deepEqual(shadowed({contains: {[command]: 'rm -rf'}}, {contains: {[command]: 'rm'}}), [])
    assert.deepEqual(
      brief(
        check(
          [
            {when: {}, action: 'a'},
            {when: exec, decision: block},
          ],
          {onError: 'block'},
          {a: {type: 'webhook', url: 'http://h'}},
        ),
      ),
      [],
    )
  })

  it('minds priorities', () => {
    const rules = [
      {when: {}, decision: block},
      {when: exec, decision: block, priority: 1},
    ]
    assert.deepEqual(check(rules), [])
  })

  it.each<[string, RuleWhen]>([
    ['rules[0].when.toolName', {toolName: []}],
    ['rules[0].when.eventType', {eventType: 'message.sent'}],
    ['rules[0].when.idleForMsGte', {idleForMsGte: 5}],
    ['rules[0].when.parentStatus', {parentStatus: 'idle'}],
    ['rules[0].when.any', {any: []}],
    ['rules[0].when.domainBlocklist', {domainBlocklist: []}],
    ['rules[0].when.equals["data.params.a"]', {equals: {'data.params.a': 'x'}, inList: {'data.params.a': ['y']}}],
    ['rules[0].when.equals["data.params.a"]', {equals: {'data.params.a': 1}, typeChecks: {'data.params.a': 'string'}}],
    [
      'rules[0].when.inList["data.params.a"]',
      {inList: {'data.params.a': ['x']}, notInList: {'data.params.a': ['x', 'y']}},
    ],
    ['rules[0].when.contains["data.command"]', {contains: {'data.command': 'x'}}],
    ['rules[0].when.requiredPaths', {requiredPaths: ['command']}],
    ['rules[0].when.domainPath', {domainBlocklist: ['a.net'], domainPath: 'url'}],
    ['rules[0].when.notMatchesRegex["correlationId"]', {notMatchesRegex: {correlationId: 'x'}}],
    ['rules[0].when.any[1].contains["cmd"]', {any: [exec, {contains: {cmd: 'x'}}]}],
  ])('says what can never, or always, match: %s', (path, when) => {
    assert.deepEqual(one(when), [`warning never-matches r0 ${path}`])
  })

  it.each<[string, string, string]>([
    ['url-not-anchored', url, 'https?://evil'],
    ['url-host-not-ended', url, '^https://example\\.com'],
    ['url-dot', url, '^https://example.com/'],
    ['url-private-hosts', url, '^https?://(localhost|127\\.0\\.0\\.1)(?:[/:]|$)'],
    ['url-not-anchored', 'data.params.q', 'http://x/'],
  ])('warns of patterns on raw URLs: %s', (code, path, pattern) => {
    assert.ok(
      one({matchesRegex: {[path]: pattern}}).some((finding) => finding.startsWith(`warning ${code} `)),
      one({matchesRegex: {[path]: pattern}}).join(),
    )
  })

  it('warns of settings that do not go together', () => {
    assert.deepEqual(brief(check([{when: exec, decision: block}], {scopeKeyBy: 'tool', approvalCacheTtlMs: 5})), [
      'error cache-by-tool - scopeKeyBy',
    ])
    assert.deepEqual(brief(check([{when: exec, action: 'a'}], {}, {a: {type: 'webhook', url: 'http://h'}})), [
      'warning open-on-error - onError',
    ])
    assert.deepEqual(
      brief(check([{when: exec, decision: block}], {enabled: false}, {a: {type: 'webhook', url: 'http://h'}})),
      ['note unused-action - actions.a', 'note disabled - enabled'],
    )
    assert.deepEqual(
      brief(check([], {retryBackoffReason: '{{retryBackoffRemainingMs}} {{blockReason}} {{nonsense}}'})),
      ['warning unknown-token - retryBackoffReason'],
    )
  })

  it('warns of what a rule says in vain', () => {
    const vain = {
      when: {...exec, domainAllowlist: ['example.com:80']},
      decision: {block: true, params: {}, ask: {}, blockReason: '{{command}}'},
      action: 'a',
      cooldownMs: 5,
    }
    assert.deepEqual(brief(check([vain], {}, {a: {type: 'webhook', url: 'http://h'}})), [
      'warning no-effect r0 rules[0].action',
      'warning no-effect r0 rules[0].cooldownMs',
      'warning no-effect r0 rules[0].decision.ask',
      'warning no-effect r0 rules[0].decision.params',
      'warning allowlist-blocks r0 rules[0].when.domainAllowlist',
      'warning domain-entry r0 rules[0].when.domainAllowlist[0]',
      'warning unknown-token r0 rules[0].decision.blockReason',
    ])
  })

  it('notes patterns that hang other engines', () => {
    for (const pattern of ['^(a+)+$', '(?:\\w*)*x', '(x|y+)*'])
      assert.deepEqual(one({matchesRegex: {[command]: pattern}}), [
        `note nested-repetition r0 rules[0].when.matchesRegex["${command}"]`,
      ])
    for (const pattern of ['(a+b)+', '(\\s|^)x+', 'a+b*'])
      assert.deepEqual(one({matchesRegex: {[command]: pattern}}), [])
  })

  it('never takes one rule for covered by another that it is not', () => {
    let covered = 0
    fc.assert(
      fc.property(anyPolicy, anyPolicy, fc.array(anyCall, {minLength: 5, maxLength: 15}), (a, b, calls) => {
        const narrow = a.toolGuard.rules[0]!.when
        const [dropped] = Object.keys(narrow)
        const wide = {...(calls.length % 2 ? narrow : {}), ...b.toolGuard.rules[0]!.when}
        if (calls.length % 3 === 0) delete wide[dropped as keyof RuleWhen]
        if (!implies(narrow, wide)) return
        covered++
        const policy = (when: RuleWhen) =>
          compilePolicy({toolGuard: {enabled: true, rules: [{id: 'r', when, decision: block}]}})
        const [narrowPolicy, widePolicy] = [policy(narrow), policy(wide)]
        for (const {call} of calls) {
          const isBlocked = (compiled: ReturnType<typeof policy>) =>
            judge(compiled, new GuardState(), call, {now: 0}).verdict === 'block'
          if (isBlocked(narrowPolicy)) assert.ok(isBlocked(widePolicy), JSON.stringify({narrow, wide, call}))
        }
      }),
      {numRuns: 6000, seed: 2},
    )
    assert.ok(covered > 100)
  })
})
