import {describe, expect, it} from 'vitest'
import {configSchema} from '../../src/lib/config/schema.ts'
import type {Outgoing} from '../../src/lib/delivery/outgoing.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {createBridgeJudge} from '../../src/lib/replay/bridge-judge.ts'
import {replayEvents} from '../../src/lib/replay/replay.ts'
import {bridgeTarget} from '../../src/lib/replay/target-bridge.ts'
import {openMemoryStore} from '../../src/lib/store/memory/store.ts'
import {eventsUpTo} from '../contracts/event-store/events.ts'

const outgoing: Outgoing = {wants: () => true, prepare: (event) => event}

async function run(count: number, rule: object, runtime: object, isOk = true) {
  const store = openMemoryStore()
  await store.append(eventsUpTo(count))
  const {hookBridge: settings} = configSchema.parse({
    hookBridge: {
      actions: {a: {type: 'webhook', url: 'http://127.0.0.1:1/'}},
      rules: [{id: 'r', when: {}, action: 'a', ...rule}],
      runtime,
    },
  })
  const ran: string[] = []
  let atOnce = 0
  let mostAtOnce = 0
  const judge = createBridgeJudge({settings, outgoing, store})
  const {signal} = new AbortController()
  const target = bridgeTarget({
    judge,
    runtime: settings.runtime,
    outgoing,
    signal,
    async runAction(_action, {event}) {
      atOnce++
      mostAtOnce = Math.max(mostAtOnce, atOnce)
      if (isOk) await new Promise((resolve) => setImmediate(resolve))
      atOnce--
      ran.push(String(event['eventId']))
      return isOk ? {ok: true, output: ''} : {ok: false, kind: 'exit', message: 'no'}
    },
    onAction: async () => undefined,
  })
  const result = await replayEvents(store, target, {filter: everything, speed: Number.POSITIVE_INFINITY, signal})
  await target.close?.()
  return {ran, result, mostAtOnce, reached: target.reached?.()}
}

describe('actions of a replay', () => {
  it('all run, a few at a time, also when more match than may wait', async () => {
    const {ran, result, mostAtOnce, reached} = await run(300, {}, {maxPendingEvents: 2, concurrency: 3})
    expect(new Set(ran).size).toBe(300)
    expect(ran).toHaveLength(300)
    expect(mostAtOnce).toBe(3)
    expect(result).toMatchObject({read: 300, actions: 300, succeeded: 300, failed: 0, merged: 0})
    expect(reached?.read).toBe(300)
  })

  it('are merged where the rule says so, and every event is done with at the end', async () => {
    for (const strategy of ['latest', 'first']) {
      const coalesce = {keyFields: ['agentId'], windowMs: 86_400_000, strategy}
      const {ran, result, reached} = await run(300, {coalesce}, {concurrency: 1})
      expect(ran.length).toBeLessThan(300)
      expect(Number(result['merged']) + ran.length).toBe(300)
      expect(reached?.read).toBe(300)
    }
  })

  it('that fail open the cooldown of their rule, as in the bridge', async () => {
    const rule = {cooldownMs: 86_400_000}
    const {result} = await run(50, rule, {concurrency: 1, maxPendingEvents: 1}, false)
    expect(Number(result['failed'])).toBeGreaterThan(1)
    expect((await run(50, rule, {concurrency: 1})).ran).toHaveLength(1)
  })
})
