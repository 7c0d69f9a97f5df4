import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {catalogue} from '../../../src/lib/event/catalogue.ts'
import {normalize} from '../../../src/lib/event/normalize.ts'
import {compileFilter} from '../../../src/lib/filter/compile.ts'
import type {Filter} from '../../../src/lib/filter/filter.ts'
import {subjectTest} from '../../../src/lib/store/nats/pushdown.ts'
import {type SubjectGrammar, subjectGrammar} from '../../../src/lib/store/nats/subjects.ts'

const seed = 20_261_123
const prefix = 'openclaw.events'
const shared = subjectGrammar({prefix})
const own = subjectGrammar({prefix, agent: 'one'})

const arbWord = fc.constantFrom('a', 'main', 'agent', 'tool', 'session', 'x', 'start', 'end', 'called', 'call')
const arbAgent = fc.oneof(
  fc.constantFrom('main', 'my.agent', 'acme.agent', 'team.session', 'a.b.tool', 'unknown'),
  fc.array(arbWord, {minLength: 1, maxLength: 3}).map((words) => words.join('.')),
)
const arbType = fc.oneof(
  fc.constantFrom(...catalogue.keys()),
  fc.constantFrom(
    'msg.in',
    'tool_call',
    'run.start',
    'weird',
    'start',
    'end',
    'called',
    'error',
    'deploy.finished',
    'a_b',
  ),
  fc.array(arbWord, {minLength: 1, maxLength: 3}).map((words) => words.join('.')),
)
const arbLine = fc.record({
  id: fc.constant('z'),
  ts: fc.constant(1_790_000_000_000),
  agent: arbAgent,
  session: fc.constant('s'),
  type: arbType,
  payload: fc.constantFrom({}, {isError: true}, {text: 'a'}),
})

/** Asks for the event itself, in one way or another, and sometimes for something else. */
function filtersFor({agentId, type}: {agentId: string; type: string}): Filter[] {
  const first = type.split('.')[0]!
  return [{agents: [agentId]}, {types: [type]}, {types: [`${first}*`]}, {agents: [agentId, 'q'], types: [type, 'q.*']}]
}

async function assertNotMissed(grammar: SubjectGrammar, subject: string, line: object): Promise<void> {
  const event = normalize(line)
  for (const filter of filtersFor(event)) {
    const matches = await compileFilter(filter)
    if (!matches(event)) continue
    const test = await subjectTest(filter, grammar)
    expect(test?.(subject), `${subject} holds ${event.agentId} ${event.type}`).toBe(true)
  }
}

describe('what a filter says in subjects', () => {
  it('misses no event of another tool, with dots in its agent and its type in one token or as it is', async () => {
    await fc.assert(
      fc.asyncProperty(arbLine, fc.boolean(), async (line, inOneToken) => {
        const type = inOneToken ? line.type.replaceAll('.', '_') : line.type
        await assertNotMissed(shared, `${prefix}.${line.agent}.${type}`, line)
        await assertNotMissed(own, `${prefix}.${type}`, line)
        await assertNotMissed(own, `${prefix}.${line.agent}.${type}`, line)
      }),
      {seed, numRuns: 3000},
    )
  })

  it('misses no event of ours', async () => {
    await fc.assert(
      fc.asyncProperty(arbAgent, arbType, async (agentId, type) => {
        const event = {agentId, type}
        for (const filter of filtersFor(event)) {
          expect((await subjectTest(filter, shared))?.(shared.subjectOf(event))).toBe(true)
          expect((await subjectTest(filter, own))?.(own.subjectOf(event))).toBe(true)
        }
      }),
      {seed, numRuns: 500},
    )
  })

  it('still leaves out what is surely something else', async () => {
    const subjects = ['main.tool.called', 'main.message.sent', 'helper.tool.called', 'helper.deploy.finished']
    const left = async (filter: Filter) => {
      const test = await subjectTest(filter, shared)
      return subjects.filter((subject) => test?.(`${prefix}.${subject}`))
    }
    expect(await left({types: ['tool.*']})).toEqual(['main.tool.called', 'helper.tool.called'])
    expect(await left({agents: ['helper']})).toEqual(['helper.tool.called', 'helper.deploy.finished'])
    expect(await left({agents: ['main'], types: ['message.*']})).toEqual(['main.message.sent'])
  })
})
