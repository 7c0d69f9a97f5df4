import {describe, expect, it} from 'vitest'
import type {ToolGuardConfig} from '../../src/lib/guard/schema.ts'
import {toolGuard} from '../../src/lib/guard/schema.ts'
import {action} from '../../src/lib/guard/schema-actions.ts'

const rule = (when: unknown, effect: unknown = {decision: {block: true}}) => ({id: 'r', when, ...(effect as object)})

/** The first thing that is wrong: where and what was expected. */
function fault(
  parsed: ReturnType<typeof toolGuard.safeParse> | ReturnType<typeof action.safeParse>,
): string | undefined {
  const issue = parsed.error?.issues[0]
  return issue && `${issue.path.join('/')}: ${issue.message}`
}

describe('the rule language', () => {
  it.each([
    {},
    {toolName: 'exec', agentId: ['a', 'b'], sessionKey: 's', sessionId: 's', runId: 'r', eventType: []},
    {contains: {'data.params.command': 'sudo'}, equals: {'data.params.n': 1, 'data.params.ok': false, x: ''}},
    {
      matchesRegex: {'data.params.url': '^https://'},
      notMatchesRegex: {'data.params.url': {pattern: '^HTTPS://', flags: 'i'}},
    },
    {requiredPaths: ['data.params.url'], typeChecks: {'data.params.url': 'string'}},
    {inList: {'data.params.mode': ['a', 1, true]}, notInList: {'data.params.mode': ['b']}},
    {
      domainAllowlist: ['example.com', '*.example.com', '.example.com', '10.0.0.0/8', '[::1]'],
      domainPath: 'data.params.href',
    },
    {domainBlocklist: [], domainNotInList: ['bücher.example']},
    {idleForMsGte: 300_000, parentStatus: 'sleeping'},
    {not: {toolName: 'exec'}, any: [{agentId: 'a'}, {all: [{agentId: 'b'}, {not: {}}]}]},
    {rate: {count: 5, windowMs: 60_000}, usage: {tokensGte: 1000, toolCallsGte: 5, per: 'run'}},
    {shell: {program: ['rm', 'unlink'], args: ['-r', ['-f', '--force']], pipedInto: 'sh', path: 'data.params.script'}},
  ])('takes %j', (when) => {
    expect(fault(toolGuard.safeParse({rules: [rule(when)]}))).toBeUndefined()
  })

  it.each([
    [{toolName: 5}, 'rules/0/when/toolName: a text or a list of texts'],
    [{contains: {x: 5}}, 'rules/0/when/contains/x: a text to be found'],
    [{equals: {x: {}}}, 'rules/0/when/equals/x: a text, a number, true or false'],
    [{matchesRegex: {x: '('}}, 'rules/0/when/matchesRegex/x: a pattern that can be used (a "(" is never closed)'],
    [{matchesRegex: {x: {pattern: 'x', flags: 'g'}}}, 'rules/0/when/matchesRegex/x/flags: the letters i, m and s'],
    [{notMatchesRegex: {x: 5}}, 'rules/0/when/notMatchesRegex/x: a pattern, or an object with "pattern" and "flags"'],
    [{inList: {x: []}}, 'rules/0/when/inList/x: a list with at least one value'],
    [{typeChecks: {x: 'null'}}, 'rules/0/when/typeChecks/x: "string", "number", "boolean", "object" or "array"'],
    [{requiredPaths: ['']}, 'rules/0/when/requiredPaths/0: a path'],
    [
      {domainBlocklist: ['']},
      'rules/0/when/domainBlocklist/0: a host such as "example.com", "*.example.com" or "10.0.0.0/8"',
    ],
    [{rate: {count: 0, windowMs: 1}}, 'rules/0/when/rate/count: a whole number from 1 to 100000'],
    [{usage: {per: 'run'}}, 'rules/0/when/usage: an object with "tokensGte" or "toolCallsGte"'],
    [{shell: {}}, 'rules/0/when/shell/program: the name of a program, or a list of names'],
    [{any: {}}, 'rules/0/when/any: a list of conditions'],
    [undefined, 'rules/0/when: an object'],
  ])('does not take %j', (when, expected) => {
    expect(fault(toolGuard.safeParse({rules: [rule(when)]}))).toBe(expected)
  })

  it('does not know keys by chance: not in a rule, a condition, a decision or the policy', () => {
    for (const policy of [
      {rulez: []},
      {rules: [rule({toolname: 'x'})]},
      {rules: [rule({}, {decision: {blok: true}})]},
      {rules: [{...rule({}), prio: 1}]},
    ]) {
      expect(toolGuard.safeParse(policy).error?.issues).toMatchObject([{code: 'unrecognized_keys'}])
    }
  })

  it('takes a decision to block, to allow, to rewrite and to ask', () => {
    for (const decision of [
      {block: true, blockReasonTemplate: '{{toolName}}'},
      {block: false},
      {params: {mode: 'safe'}},
      {ask: {}},
      {ask: {title: 'Really?', severity: 'critical', timeoutMs: 60_000}},
    ]) {
      expect(fault(toolGuard.safeParse({rules: [rule({}, {decision})]}))).toBeUndefined()
    }
    expect(fault(toolGuard.safeParse({rules: [rule({}, {decision: {block: 'true'}})]}))).toBe(
      'rules/0/decision/block: true or false',
    )
    expect(fault(toolGuard.safeParse({rules: [rule({}, {decision: {params: [1]}})]}))).toBe(
      'rules/0/decision/params: an object of parameters',
    )
  })

  it('has defaults for a policy and leaves rules as they are written', () => {
    const parsed = toolGuard.parse({rules: [rule({toolName: 'exec'})]})
    expect(parsed).toMatchObject({enabled: false, onError: 'allow', retryBackoffMs: 0, approvalCacheTtlMs: 0})
    expect(parsed.rules).toEqual([rule({toolName: 'exec'})])
    const least: ToolGuardConfig = {rules: parsed.rules}
    expect(toolGuard.safeParse(least).success).toBe(true)
  })
})

describe('an action', () => {
  it.each([
    {type: 'webhook', url: 'https://a.example', method: 'PUT', headers: {'x-a': 'b'}, authToken: 't', timeoutMs: 500},
    {type: 'webhook', url: 'http://127.0.0.1:1/x', allowPrivate: true, maxPayloadBytes: 1024},
    {
      type: 'local_script',
      path: 'hooks/a.sh',
      args: ['one', 'two words'],
      env: ['PATH', 'OPENCLAW_APPROVAL_*'],
      description: 'asks',
    },
  ])('may be %j', (value) => {
    expect(fault(action.safeParse(value))).toBeUndefined()
  })

  it.each([
    ['x', ': an object with a "type"'],
    [{type: 'exec'}, 'type: "webhook" or "local_script"'],
    [{type: 'webhook'}, 'url: a URL with http:// or https://'],
    [{type: 'webhook', url: 'https://a.example', method: 'DELETE'}, 'method: "POST", "PUT" or "PATCH"'],
    [{type: 'local_script', path: ' '}, 'path: a path inside allowedActionDirs'],
    [{type: 'local_script', path: 'a', timeoutMs: 0}, 'timeoutMs: a whole number from 1 to 600000'],
  ])('is not %j', (value, expected) => {
    expect(fault(action.safeParse(value))).toBe(expected)
  })
})
