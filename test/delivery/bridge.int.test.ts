import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it, vi} from 'vitest'
import type {ActionRunner} from '../../src/lib/actions/runner.ts'
import {configSchema} from '../../src/lib/config/schema.ts'
import {bridgeReader} from '../../src/lib/delivery/bridge/perform.ts'
import {compileBridge} from '../../src/lib/delivery/bridge/rules.ts'
import {createBridgeSink} from '../../src/lib/delivery/bridge/sink.ts'
import type {ClawEvent, StoredEvent} from '../../src/lib/event/envelope.ts'
import {makeEvent} from '../../src/lib/event/make.ts'
import {type Bench, openBench, openOutgoing} from './fixtures.ts'

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'guard-cases')
const casesOf = (name: string) =>
  readFileSync(path.join(fixtures, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const until = (check: () => void) => vi.waitFor(check, {timeout: 5000, interval: 5})

const webhook = {type: 'webhook', url: 'http://127.0.0.1:1/'}
const script = {type: 'local_script', path: '/nowhere'}
const settingsOf = (hookBridge: unknown) => configSchema.parse({hookBridge}).hookBridge
const outgoing = {...openOutgoing, wants: (one: ClawEvent) => one.visibility !== 'confidential'}
const {retry} = configSchema.parse({retry: {initialDelayMs: 100, maxAttempts: 2}})

interface Started {
  rule: string
  event: ClawEvent
}

/** A bridge on a real log, whose actions are answered here. */
function bridgeOn(bench: Bench, hookBridge: unknown, answer: (one: Started) => Promise<{ok: boolean}> | {ok: boolean}) {
  const started: Started[] = []
  const run: ActionRunner = async (_action, payload) => {
    const one = {rule: payload.ruleId, event: payload.event as unknown as ClawEvent}
    started.push(one)
    const {ok} = await answer(one)
    return ok ? {ok, output: ''} : {ok, kind: 'status', message: 'answered with status 500'}
  }
  const sink = createBridgeSink({settings: settingsOf(hookBridge), retry, outgoing, run, random: () => 0})
  return {sink, started, ...bench.start(sink)}
}

const event = (type: string, data: Record<string, unknown> = {}, more: Omit<Partial<ClawEvent>, 'source'> = {}) =>
  makeEvent({type, agentId: 'main', sessionKey: 'agent:main:s', source: 'cli', data, ...more})

describe('bridge rules', () => {
  for (const one of casesOf('bridge-match.ndjson')) {
    it(`${one.disputed ? 'decides' : 'matches as recorded'}: ${one.description} (${one.id})`, () => {
      const statuses = new Map(Object.entries((one.statuses ?? {}) as Record<string, string>))
      const settings = settingsOf({enabled: true, actions: {[one.rule.action]: webhook}, rules: [one.rule]})
      const bridge = compileBridge(settings, {statusOf: (agent) => statuses.get(agent)})
      const found = bridge.matching(one.event as StoredEvent, Date.parse(one.event.timestamp)).length > 0
      expect(found).toBe(one.disputed ? (decisions[one.id] ?? one.peerMatches) : one.peerMatches)
    })
  }
})

/** Where a recorded answer is not taken over: by id, what ours is. */
const decisions: Record<string, boolean> = {}

describe('bridge dispatch, as recorded', () => {
  for (const one of casesOf('bridge-sequences.ndjson').filter(({disputed}) => !disputed)) {
    it(`${one.description} (${one.id})`, async () => {
      const bench = await openBench()
      const events = one.events.map(({event: given}: {event: ClawEvent}, index: number) => ({
        ...given,
        eventId: `e${index}`,
        visibility: 'internal',
      }))
      const hookBridge = {...one.hookBridge, actions: {a: webhook}}
      // A disabled bridge is not run at all (wiring); its rules would match.
      if (!hookBridge.enabled) return expect(one.peerDispatches).toEqual([])
      const {started, stop} = bridgeOn(bench, hookBridge, async () => {
        await new Promise((resolve) => setTimeout(resolve, one.actionDelayMs ?? 0))
        return {ok: true}
      })
      await bench.store.append(events)
      await until(() => expect(started).toHaveLength(one.peerDispatches.length))
      await until(async () => expect((await bench.state.cursor('bridge'))?.position).toBe(await bench.store.head()))
      await stop()
      const dispatched = started.map(({rule, event: sent}) => ({ruleId: rule, type: sent.type, n: sent.data['n']}))
      expect(dispatched).toEqual(one.peerDispatches)
    })
  }
})

const alert = {enabled: true, actions: {a: webhook, s: script}}

describe('bridge', () => {
  it('starts every rule that matches, for each event', async () => {
    const bench = await openBench()
    const rules = [
      {id: 'errors', when: {eventType: 'tool.error'}, action: 'a'},
      {id: 'all', when: {}, action: 'a'},
    ]
    const {started, stop} = bridgeOn(bench, {...alert, rules}, () => ({ok: true}))
    await bench.store.append([event('tool.error'), event('tool.called')])
    await until(() => expect(started.map(({rule}) => rule).sort()).toEqual(['all', 'all', 'errors']))
    await stop()
  })

  it('does after a restart what it had not done when it ended', async () => {
    const bench = await openBench()
    const rules = [{id: 'r', when: {}, action: 'a'}]
    const never = bridgeOn(bench, {...alert, rules, runtime: {concurrency: 1}}, () => new Promise(() => undefined))
    await bench.store.append([event('note.one'), event('note.two')])
    await until(() => expect(never.started).toHaveLength(1))
    // As killed: nothing more of the first is waited for.
    const second = bridgeOn(bench, {...alert, rules}, () => ({ok: true}))
    await until(() => expect(second.started.map(({event: sent}) => sent.type)).toEqual(['note.one', 'note.two']))
    await second.stop()
    const third = bridgeOn(bench, {...alert, rules}, () => ({ok: true}))
    await bench.store.append([event('note.three')])
    await until(() => expect(third.started.map(({event: sent}) => sent.type)).toEqual(['note.three']))
    await third.stop()
  })

  it('keeps a rule shut during its cooldown, across a restart, and opens it when its action failed', async () => {
    const bench = await openBench()
    const rules = [{id: 'r', when: {}, action: 's', cooldownMs: 60_000}]
    const first = bridgeOn(bench, {...alert, rules}, () => ({ok: false}))
    await bench.store.append([event('note.failing')])
    await until(async () => expect((await bench.state.countDeliveries(bridgeReader('r'))).dead).toBe(1))
    await first.stop()
    const second = bridgeOn(bench, {...alert, rules}, () => ({ok: true}))
    await bench.store.append([event('note.works'), event('note.held')])
    await until(async () => expect((await bench.state.cursor('bridge'))?.position).toBe(await bench.store.head()))
    await second.stop()
    const third = bridgeOn(bench, {...alert, rules}, () => ({ok: true}))
    await bench.store.append([event('note.held_too')])
    await until(async () => expect((await bench.state.cursor('bridge'))?.position).toBe(await bench.store.head()))
    await third.stop()
    expect(second.started.map(({event: sent}) => sent.type)).toEqual(['note.works'])
    expect(third.started).toEqual([])
  })

  it('tries a webhook again and gives up after its attempts; a script is never run twice by itself', async () => {
    const bench = await openBench()
    const rules = [
      {id: 'hook', when: {eventType: 'note.hook'}, action: 'a'},
      {id: 'script', when: {eventType: 'note.script'}, action: 's'},
    ]
    const {started, stop} = bridgeOn(bench, {...alert, rules}, () => ({ok: false}))
    await bench.store.append([event('note.hook'), event('note.script')])
    await until(async () => expect((await bench.state.countDeliveries(bridgeReader('hook'))).dead).toBe(1))
    expect((await bench.state.countDeliveries(bridgeReader('script'))).dead).toBe(1)
    await stop()
    expect(started.map(({rule}) => rule).sort()).toEqual(['hook', 'hook', 'script'])
    const [dead] = await bench.state.deliveries({reader: bridgeReader('hook')})
    expect(dead).toMatchObject({attempts: 2, lastError: 'answered with status 500', event: {type: 'note.hook'}})
  })

  it('runs a dead action again when somebody asks for it', async () => {
    const bench = await openBench()
    const rules = [{id: 'r', when: {}, action: 's'}]
    let ok = false
    const {started, stop} = bridgeOn(bench, {...alert, rules}, () => ({ok}))
    await bench.store.append([event('note.added')])
    await until(async () => expect((await bench.state.countDeliveries(bridgeReader('r'))).dead).toBe(1))
    ok = true
    await bench.state.retryDead(bridgeReader('r'))
    await until(async () => expect(await bench.state.countDeliveries(bridgeReader('r'))).toEqual({waiting: 0, dead: 0}))
    await stop()
    expect(started).toHaveLength(2)
  })

  it('keeps what did not fit into the queue among the dead', async () => {
    const bench = await openBench()
    const rules = [{id: 'r', when: {}, action: 'a'}]
    const runtime = {concurrency: 1, maxPendingEvents: 1, dropPolicy: 'drop_oldest'}
    const {started, stop} = bridgeOn(bench, {...alert, rules, runtime}, async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return {ok: true}
    })
    await bench.store.append([event('note.one'), event('note.two'), event('note.three')])
    await until(() => expect(started.map(({event: sent}) => sent.type)).toEqual(['note.one', 'note.three']))
    await until(async () => {
      const kept = await bench.state.deliveries({reader: bridgeReader('r')})
      expect(kept.map(({event: lost, state}) => [lost.type, state])).toEqual([['note.two', 'dead']])
    })
    await stop()
  })

  it('knows the status of a parent, also from before it started', async () => {
    const bench = await openBench()
    const rules = [
      {id: 'wake', when: {eventType: 'subagent.idle', parentStatus: 'sleeping', idleForMsGte: 5000}, action: 'a'},
    ]
    await bench.store.append([event('agent.status', {status: 'sleeping'}, {agentId: 'boss'})])
    const head = await bench.store.head()
    await bench.state.commit({reader: 'bridge', cursor: {log: 'test', position: head!}})
    const {started, stop} = bridgeOn(bench, {...alert, rules}, () => ({ok: true}))
    await bench.store.append([
      event('subagent.idle', {parentAgentId: 'boss', idleForMs: 4000}),
      event('subagent.idle', {parentAgentId: 'boss', idleForMs: 6000}),
      event('subagent.idle', {parentAgentId: 'other', idleForMs: 6000}),
    ])
    await until(async () => expect((await bench.state.cursor('bridge'))?.position).toBe(await bench.store.head()))
    await stop()
    expect(started.map(({event: sent}) => sent.data['idleForMs'])).toEqual([6000])
  })

  it('never acts on a confidential event', async () => {
    const bench = await openBench()
    const {started, stop} = bridgeOn(bench, {...alert, rules: [{id: 'r', when: {}, action: 'a'}]}, () => ({ok: true}))
    await bench.store.append([event('note.secret', {}, {visibility: 'confidential'}), event('note.open')])
    await until(async () => expect((await bench.state.cursor('bridge'))?.position).toBe(await bench.store.head()))
    await stop()
    expect(started.map(({event: sent}) => sent.type)).toEqual(['note.open'])
  })

  it('warns of a queue that fills up, of slow actions and of failures, once each', async () => {
    const bench = await openBench()
    const rules = [{id: 'r', when: {}, action: 's'}]
    const runtime = {concurrency: 1, maxPendingEvents: 10}
    const telemetry = {highWatermarks: [50], slowActionMs: 1, failureRateMinSamples: 3, failureRateThresholdPct: 50}
    const {stop} = bridgeOn(bench, {...alert, rules, runtime, telemetry}, async () => {
      await new Promise((resolve) => setTimeout(resolve, 3))
      return {ok: false}
    })
    await bench.store.append(Array.from({length: 8}, () => event('note.added')))
    await until(async () => expect((await bench.state.countDeliveries(bridgeReader('r'))).dead).toBe(8))
    await stop()
    const count = (pattern: RegExp) => bench.said.filter((line) => pattern.test(line)).length
    expect(count(/50 % of the 10 that may/)).toBe(1)
    expect(count(/% of the last \d+ actions failed/)).toBe(1)
    expect(count(/took \d+ ms/)).toBe(8)
  })
})
