import fc from 'fast-check'
import type {ToolCall} from '../../src/lib/guard/call.ts'
import type {Policy} from '../../src/lib/guard/policy.ts'
import type {GuardRule, RuleWhen} from '../../src/lib/guard/schema.ts'

const path = fc.constantFrom('data.params.command', 'data.params.url', 'params.n', 'agentId', 'data.params.deep.x')
const word = fc.constantFrom('rm', 'ls', 'sudo', '-rf', 'x', 'https://a.example.com/', 'http://10.0.0.1/', 'main')
const value = fc.oneof(word, fc.constantFrom(0, 1, true))
const pattern = fc.oneof(
  fc.constantFrom('^rm', 'rm\\s+-rf', '^https://', 'l?s', '(sudo|doas)'),
  fc.record({pattern: fc.constantFrom('RM', 'SUDO'), flags: fc.constant('i')}),
)
const domains = fc.subarray(['example.com', '*.example.com', '10.0.0.0/8', 'b.net'], {minLength: 1})
const dictionary = <T>(values: fc.Arbitrary<T>) =>
  fc.dictionary(path, values, {minKeys: 1, maxKeys: 2, noNullPrototype: true})

const flatWhen: fc.Arbitrary<RuleWhen> = fc.record(
  {
    toolName: fc.oneof(fc.constantFrom('exec', 'web_fetch'), fc.constant<string[]>(['exec', 'read'])),
    agentId: fc.constantFrom('main', 'other'),
    contains: dictionary(word),
    equals: dictionary(value),
    matchesRegex: dictionary(pattern),
    notMatchesRegex: dictionary(pattern),
    requiredPaths: fc.uniqueArray(path, {maxLength: 2}),
    inList: dictionary(fc.array(value, {minLength: 1, maxLength: 3})),
    notInList: dictionary(fc.array(value, {minLength: 1, maxLength: 3})),
    domainBlocklist: domains,
    domainNotInList: domains,
    rate: fc.record({
      count: fc.integer({min: 1, max: 3}),
      windowMs: fc.constantFrom(500, 2000),
      per: fc.constantFrom('session', 'agent', 'tool'),
    }),
    usage: fc.record({toolCallsGte: fc.integer({min: 1, max: 6}), per: fc.constantFrom('session', 'run')}),
  },
  {requiredKeys: []},
)

const when: fc.Arbitrary<RuleWhen> = fc.oneof(
  {weight: 4, arbitrary: flatWhen},
  {weight: 1, arbitrary: fc.record({not: flatWhen})},
  {weight: 1, arbitrary: fc.record({any: fc.array(flatWhen, {maxLength: 3})})},
  {weight: 1, arbitrary: fc.record({all: fc.array(flatWhen, {maxLength: 3}), toolName: fc.constant('exec')})},
)

const effect: fc.Arbitrary<Pick<GuardRule, 'decision' | 'action'>> = fc.oneof(
  fc.record({
    decision: fc.constantFrom(
      {block: true, blockReason: 'no {{toolName}}'},
      {block: false},
      {params: {command: 'safe'}},
      {ask: {}},
    ),
  }),
  fc.record({action: fc.constantFrom('yes', 'no', 'silent', 'fails', 'rewrites', 'asks', 'unknown', 'depends')}),
)

const rule = fc
  .tuple(
    fc.record({when}),
    effect,
    fc.record(
      {
        priority: fc.integer({min: -1, max: 1}),
        cooldownMs: fc.constantFrom(0, 700, 3000),
        stopOnMatch: fc.boolean(),
        enabled: fc.boolean(),
      },
      {requiredKeys: []},
    ),
  )
  .map(([base, decides, extra]) => ({...base, ...decides, ...extra}))

/** A policy of a few rules with everything that rules can have. */
export const anyPolicy: fc.Arbitrary<Policy> = fc
  .tuple(
    fc.array(rule, {minLength: 1, maxLength: 6}),
    fc.record({
      onError: fc.constantFrom('allow', 'block'),
      retryBackoffMs: fc.constantFrom(0, 800),
      approvalCacheTtlMs: fc.constantFrom(0, 1500),
      scopeKeyBy: fc.constantFrom('tool', 'tool_and_params'),
      dryRun: fc.constantFrom(false, false, true),
    }),
  )
  .map(([rules, settings]) => ({
    toolGuard: {enabled: true, ...settings, rules: rules.map((one, index) => ({id: `r${index}`, ...one}))},
    actions: Object.fromEntries(
      ['yes', 'no', 'silent', 'fails', 'rewrites', 'asks', 'depends'].map((id) => [
        id,
        {type: 'local_script', path: `/hooks/${id}`} as const,
      ]),
    ),
  }))

/** A call and how long after the one before it comes. */
export const anyCall: fc.Arbitrary<{call: ToolCall; afterMs: number}> = fc.record({
  afterMs: fc.constantFrom(0, 1, 100, 699, 700, 1000, 5000),
  call: fc.record(
    {
      toolName: fc.constantFrom('exec', 'web_fetch', 'read'),
      params: fc.dictionary(
        fc.constantFrom('command', 'url', 'n', 'deep', '__proto__'),
        fc.oneof(word, value, fc.constant({x: 1})),
        {noNullPrototype: true},
      ),
      agentId: fc.constantFrom('main', 'other'),
      sessionKey: fc.constantFrom('agent:main:a', 'agent:main:b'),
      runId: fc.constantFrom('r1', 'r2'),
    },
    {requiredKeys: ['toolName', 'params']},
  ),
})
