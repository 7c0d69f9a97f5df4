import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {isDeepStrictEqual} from 'node:util'
import {describe, it} from 'vitest'
import {differences} from '../../scripts/compatibility.ts'
import type {ClawEvent} from '../../src/lib/event/envelope.ts'
import {compilePolicy} from '../../src/lib/guard/compile.ts'
import {evaluate} from '../../src/lib/guard/evaluate.ts'
import type {Policy} from '../../src/lib/guard/policy.ts'
import {GuardState} from '../../src/lib/guard/state.ts'
import {callOf, facts, type Scene, scene, start, the, typesOf} from './scene.ts'

/** A run of the event-server plugin through a fake host; test/fixtures/guard-cases/README.md. */
interface GoldenCase {
  id: string
  description: string
  disputed?: boolean
  config: {hookBridge?: {toolGuard?: Policy['toolGuard']}}
  steps: {hook: string; event: Record<string, unknown>; ctx?: Record<string, unknown>}[]
  peerEvents: Record<string, unknown>[]
}

const cases = readFileSync(new URL('../fixtures/guard-cases/hook-golden.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as GoldenCase)

const caseOf = (id: string) => cases.find((one) => one.id === id)!

describe('what the event-server plugin emitted for the same input', () => {
  for (const golden of cases.filter(({disputed}) => !disputed)) {
    it(`is emitted here, too, or differs as docs/compatibility.md says: ${golden.id}`, () => {
      const ours = run(golden)
      const used = golden.peerEvents.flatMap((theirs) => {
        const index = ours.findIndex((event) => event.type === theirs['type'])
        assert.notEqual(index, -1, `${theirs['type']} is missing in ${typesOf(ours).join(' ')}`)
        const [event] = ours.splice(0, index + 1).slice(-1)
        return compare(theirs, event!)
      })
      const listed = new Set(differences.map(({id}) => id))
      assert.deepEqual(
        used.filter((id) => !listed.has(id)),
        [],
      )
    })
  }

  it('is more here where a message was dropped for want of a channel', () => {
    const event = the(run(caseOf('msg.received.nochannel')), 'message.received')
    assert.deepEqual([event.agentId, event.data['content']], ['main', 'hi'])
  })

  it('is more here in a dry run: what matched, and what would have been', () => {
    const events = run(caseOf('guard.dry'))
    assert.deepEqual(typesOf(facts(events)), ['tool.called', 'tool.guard.matched'])
    const {data} = the(events, 'tool.guard.matched')
    assert.deepEqual([data['would'], data['blockReason']], ['block', 'no exec'])
  })

  it('is more here where params were too deep or cyclic: the call, and that it was blocked', () => {
    for (const id of ['guard.deep', 'guard.circular']) {
      const events = facts(run(caseOf(id)))
      assert.deepEqual(typesOf(events), ['tool.called', 'tool.guard.blocked'], id)
      assert.equal(events[1]?.data['decisionSource'], 'engine')
      assert.ok(JSON.stringify(events).length > 1000 || id === 'guard.circular')
    }
  })

  it('keeps an object that stands in two places in both', () => {
    const {data} = the(run(caseOf('redaction.shared')), 'tool.called')
    assert.deepEqual(data['params'], {a: {x: 1}, b: {x: 1}})
  })
})

function run({config, steps}: GoldenCase): ClawEvent[] {
  const made = scene()
  for (const {hook, event, ctx} of steps) {
    const given = withObjects(event)
    made.hook(hook, given, ctx)
    const toolGuard = config.hookBridge?.toolGuard
    if (toolGuard !== undefined && hook === 'before_tool_call') judge(made, toolGuard, given, ctx ?? {})
  }
  return made.events
}

function judge(made: Scene, toolGuard: Policy['toolGuard'], event: Record<string, unknown>, ctx: object): void {
  const {toolName, params, toolCallId} = event as {
    toolName: string
    params: Record<string, unknown>
    toolCallId?: string
  }
  const policy = compilePolicy({toolGuard})
  const runAction = () => assert.fail('no case runs an action')
  const verdict = evaluate(
    policy,
    {toolName, params, toolCallId, ...ctx},
    {state: new GuardState(), clock: () => start, runAction},
  )
  assert.ok(!(verdict instanceof Promise))
  made.events.push(...made.capture.guard(callOf('before_tool_call', event, ctx), verdict))
}

/** Some inputs have no form in JSON, and an object that is used twice. */
function withObjects(event: Record<string, unknown>): Record<string, unknown> {
  const {params} = event
  if (params === '<circular object>') {
    const circular: Record<string, unknown> = {command: 'rm'}
    circular['self'] = circular
    return {...event, params: circular}
  }
  const {pad, a, b} = (params ?? {}) as Record<string, unknown>
  if (isDeepStrictEqual(a, b) && a !== undefined) return {...event, params: {a, b: a}}
  if (typeof pad !== 'string' || !pad.startsWith('<object nested')) return event
  let nested: Record<string, unknown> = {}
  for (let level = 0; level < 8000; level++) nested = {a: nested}
  return {...event, params: {...(params as object), pad: nested}}
}

/** The ids of the differences between one of their events and ours; an unlisted one is described. */
function compare(theirs: Record<string, unknown>, ours: ClawEvent): string[] {
  const ids = [
    'type',
    'eventCategory',
    'eventName',
    'source',
    'agentId',
    'sessionId',
    'sessionKey',
    'runId',
    'toolCallId',
  ]
  const own = {...ours} as Record<string, unknown>
  const found = ids.flatMap((name) => {
    if (theirs[name] === undefined || own[name] === theirs[name]) return []
    const isKey = name === 'sessionId' && theirs[name] === theirs['sessionKey'] && own[name] === undefined
    return [isKey ? 'session-key-as-id' : `${name}: ${theirs[name]}, not ${own[name]}`]
  })
  if (theirs['error'] !== undefined) assert.deepEqual(own['error'], theirs['error'])
  return [
    ...found,
    ...(theirs['signature'] === undefined ? [] : ['transport']),
    ...compareFields('data', theirs['data'], ours.data, ours.type),
    ...compareFields('metadata', theirs['metadata'], ours.metadata ?? {}, ours.type),
  ]
}

function compareFields(place: string, theirs: unknown, ours: Record<string, unknown>, type: string): string[] {
  return Object.entries(theirs as Record<string, unknown>).flatMap(([name, value]) => {
    if (isDeepStrictEqual(ours[name], value) || isMasked(value, ours[name])) return []
    if (name === 'provenance' || name === 'transport') return [name]
    if (name === 'channelId' && value === 'unknown') return ['unknown-channel']
    if (name === 'params' && type === 'tool.guard.blocked') return ['blocked-params']
    return [`${type} ${place}.${name}: ${JSON.stringify(value)}, not ${JSON.stringify(ours[name])}`]
  })
}

/** Their times and durations were masked when they were recorded. */
function isMasked(theirs: unknown, ours: unknown): boolean {
  return typeof theirs === 'string' && /^<\w+>$/.test(theirs) && ours !== undefined
}
