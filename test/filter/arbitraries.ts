import fc from 'fast-check'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import type {Filter} from '../../src/lib/filter/filter.ts'

// Few values, shared by events and filters, so that they meet often.
const agents = ['main', 'Main', 'a.b *>', 'agent-ü', '名前', 'system', '*', "o'brien%_"]
const types = ['tool.called', 'tool.completed', 'tool.guard.blocked', 'message.received', 'conversation.message.out']
const oddTypes = ['toolbox.opened', 'tool', 'x.y.z', 'custom.ünï', 'a*b.c', 'memory.section']
const sessions = ['agent:main:main', 'agent:main:exec', 's-1', 's*', 'agent:名前:x y']
const runs = ['run-1', 'run-2', 'run *']
const tools = ['exec', 'web_fetch', 'web_search', 'execute', 'Exec', 'öffnen', '工具']
const words = [
  'deploy',
  'failed',
  'café',
  'CAFE',
  'naïve',
  'Straße',
  '東京タワー',
  'hello-world',
  'v1.2.3',
  'x',
  'ΣΑΣ',
  'हिन्दी',
]
const globs = [
  '*',
  'tool.*',
  '*.called',
  't*l.*d',
  'tool',
  'web_*',
  '*_*',
  '**',
  'e*',
  '*e*e*',
  'message.*',
  'custom.*',
  'ex*ec',
]

/** 2026-11-20T21:00:00Z: times of events and filters lie around it. */
export const midTime = Date.UTC(2026, 10, 20, 21)

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, {nil: undefined, freq: 3})
const someOf = (values: readonly string[]) => fc.uniqueArray(fc.constantFrom(...values), {minLength: 0, maxLength: 3})

const arbTime = fc.oneof(
  fc.constantFrom(-86_400_000, -1000, -1, 0, 1, 1000, 86_400_000).map((offset) => midTime + offset),
  fc.integer({min: midTime - 5000, max: midTime + 5000}),
)

const arbTimestamp = fc.oneof(
  {weight: 12, arbitrary: arbTime.map((time) => new Date(time).toISOString())},
  {weight: 1, arbitrary: arbTime.map((time) => new Date(time).toISOString().replace('Z', '+00:00'))},
  {weight: 1, arbitrary: fc.constantFrom('yesterday', '', '2026-02-30T00:00:00.000Z', '2026-11-20')},
)

const arbPhrase = fc
  .array(fc.constantFrom(...words), {minLength: 1, maxLength: 4})
  .chain((parts) => fc.constantFrom(' ', ', ', '\n', '"').map((separator) => parts.join(separator)))
const arbText = fc.oneof(
  {weight: 4, arbitrary: arbPhrase},
  {weight: 1, arbitrary: fc.string({unit: 'binary', maxLength: 12})},
)

const arbNested = fc.letrec((tie) => ({
  value: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    arbText,
    fc.integer({min: -5, max: 1000}),
    fc.double({noNaN: true, noDefaultInfinity: true}),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), {maxLength: 3}),
    fc.dictionary(fc.constantFrom('text', 'a.b', '', 'toString', '__proto__', '10', '2', 'ключ'), tie('value'), {
      maxKeys: 3,
    }),
  ),
})).value

const arbData: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    toolName: fc.oneof({weight: 6, arbitrary: fc.constantFrom<unknown>(...tools)}, {weight: 1, arbitrary: arbNested}),
    text: arbText,
    params: arbNested,
    durationMs: fc.constantFrom(0, 499, 500, 500.5, 501, 1e9),
  },
  {requiredKeys: []},
)

/** Any event: complete, with values that the filters of `arbFilter` ask for. */
export const arbEvent: fc.Arbitrary<ClawEvent> = fc
  .record({
    eventId: fc.uuid(),
    timestamp: arbTimestamp,
    type: fc.constantFrom(...types, ...types, ...oddTypes),
    agentId: fc.constantFrom(...agents),
    sessionKey: optional(fc.constantFrom(...sessions)),
    sessionId: optional(fc.constantFrom(...sessions)),
    runId: optional(fc.constantFrom(...runs)),
    toolCallId: optional(fc.constantFrom('call-1', 'call-2')),
    visibility: fc.constantFrom('internal' as const, 'public' as const, 'confidential' as const),
    seq: optional(fc.nat(5)),
    error: optional(arbText.map((message) => ({message}))),
    data: arbData,
    metadata: optional(fc.constant({model: 'm-1'})),
  })
  .map(({eventId, timestamp, type, agentId, ...rest}) => ({
    eventId,
    schemaVersion: '1.2.0',
    timestamp,
    type,
    eventCategory: type.split('.')[0]!,
    eventName: type,
    source: 'import',
    agentId,
    correlationId: eventId,
    ...JSON.parse(JSON.stringify(rest)),
  }))

const arbQuery = fc
  .array(
    fc
      .tuple(fc.constantFrom(...words), fc.constantFrom(...words), fc.boolean())
      .map(([one, two, isQuoted]) => (isQuoted ? `"${one} ${two}"` : one)),
    {minLength: 1, maxLength: 2},
  )
  .map((parts) => parts.join(' '))

/** CEL expressions that the oracle knows, each with what it means. */
export const expressions: ReadonlyArray<readonly [cel: string, means: (event: ClawEvent) => boolean]> = [
  ['data.durationMs > 500', ({data}) => Number(data['durationMs']) > 500],
  ['data.durationMs >= 500.5', ({data}) => Number(data['durationMs']) >= 500.5],
  ['data.durationMs == 500', ({data}) => data['durationMs'] === 500],
  ['data.toolName == "exec"', ({data}) => data['toolName'] === 'exec'],
  ['type.startsWith("tool.")', ({type}) => type.startsWith('tool.')],
  ['has(data.text) && has(event.runId)', ({data, runId}) => Object.hasOwn(data, 'text') && runId !== undefined],
  ['seq % 2 == 0', ({seq}) => seq !== undefined && seq % 2 === 0],
  ['runId == "run-1" || type == "tool"', ({runId, type}) => runId === 'run-1' || type === 'tool'],
  ['!(runId == "run-1")', ({runId}) => runId !== undefined && runId !== 'run-1'],
  ['data.text', () => false],
]

/** Any filter; most have one to three terms, so that a good part of all events passes. */
export const arbFilter: fc.Arbitrary<Filter> = fc
  .record({
    types: optional(someOf([...types, ...oddTypes, ...globs])),
    agents: optional(someOf([...agents, 'nobody'])),
    sessions: optional(someOf([...sessions, 'none'])),
    runs: optional(someOf(runs)),
    tools: optional(someOf([...tools, ...globs])),
    since: optional(arbTime),
    until: optional(arbTime),
    text: optional(arbQuery),
    where: optional(fc.constantFrom(...expressions.map(([cel]) => cel))),
  })
  .chain((terms) =>
    fc.subarray(Object.entries(terms), {maxLength: 3}).map((kept) => {
      const present = kept.filter(([, term]) => term !== undefined)
      return Object.fromEntries(present) as Filter
    }),
  )
