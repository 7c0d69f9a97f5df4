import fc from 'fast-check'
import {afterEach, beforeEach, expect, it, vi} from 'vitest'
import {createLedger, type Ledger} from '../../../src/lib/delivery/webhook/ledger.ts'
import type {ReaderStep, StateStore} from '../../../src/lib/store/state-port.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const quiet = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined}

/** A state store of which only commits matter; `fails` says for each whether it does. */
function stateOf(fails: () => boolean) {
  const steps: ReaderStep[] = []
  const stored = new Set<string>()
  const state = {
    async commit(step: ReaderStep) {
      if (fails()) throw new Error('full')
      steps.push(step)
      for (const eventId of step.remove ?? []) stored.delete(eventId)
      for (const {eventId} of step.put ?? []) stored.add(eventId)
    },
  } as StateStore
  return {state, steps, stored}
}

function ledgerOf(state: StateStore, limit = 1000): Ledger {
  return createLedger({
    state,
    reader: 'webhook:test',
    log: 'test',
    diagnostics: quiet,
    position: place(0),
    details: () => ({}),
    counts: {waiting: 0, dead: 0},
    limit,
    onWaiting: () => undefined,
  })
}

function place(n: number): string {
  return String(n).padStart(8, '0')
}

function deliveryAt(n: number, state: 'waiting' | 'dead' = 'waiting') {
  const eventId = `e${n}`
  return {eventId, position: place(n), state, attempts: 1, nextAt: 0, addedAt: 0, lastError: 'x', event: {} as never}
}

type Act = {act: 'skip' | 'take'} | {act: 'settle' | 'put'; which: number} | {act: 'pass'; ms: number}

const acts = fc.array(
  fc.oneof(
    fc.record({act: fc.constantFrom('skip' as const, 'take' as const)}),
    fc.record({act: fc.constantFrom('settle' as const, 'put' as const), which: fc.nat(30)}),
    fc.record({act: fc.constant('pass' as const), ms: fc.nat(2000)}),
  ),
  {maxLength: 80},
)

it('a saved cursor never passes an event that is neither delivered nor stored, whatever the order and however often saving fails', async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.array(fc.boolean(), {maxLength: 40}), async (list: Act[], failures) => {
      const {state, steps, stored} = stateOf(() => failures.pop() ?? false)
      const ledger = ledgerOf(state)
      const open: number[] = []
      const done = new Set<number>()
      let last = 0
      for (const act of list) {
        if (act.act === 'pass') await vi.advanceTimersByTimeAsync(act.ms)
        else if (act.act === 'skip') {
          done.add(++last)
          ledger.skip(place(last))
        } else if (act.act === 'take') {
          open.push(++last)
          ledger.take(place(last))
        } else if ('which' in act && open.length > 0) {
          const [n] = open.splice(act.which % open.length, 1) as [number]
          if (act.act === 'settle') {
            done.add(n)
            ledger.settle(place(n))
          } else ledger.put(deliveryAt(n), true)
        }
        const cursor = steps.at(-1)?.cursor?.position ?? place(0)
        for (let n = 1; n <= Number(cursor); n++)
          expect(done.has(n) || stored.has(`e${n}`), `${n} at ${cursor}`).toBe(true)
        expect(ledger.position).toBe(cursor)
      }
      // In the end everything that is done with is saved.
      failures.length = 0
      await vi.advanceTimersByTimeAsync(20_000)
      const first = Math.min(...open, last + 1)
      if (last > 0 && steps.length > 0) expect(ledger.position).toBe(place(first - 1))
      await ledger.close()
      expect(ledger.position).toBe(place(first - 1))
    }),
    {numRuns: 200},
  )
})

it('many events are saved in few steps, and the first at once', async () => {
  const {state, steps} = stateOf(() => false)
  const ledger = ledgerOf(state)
  ledger.take(place(1))
  ledger.settle(place(1))
  await vi.advanceTimersByTimeAsync(1)
  expect(steps).toHaveLength(1)
  for (let n = 2; n <= 500; n++) {
    ledger.take(place(n))
    ledger.settle(place(n))
    await vi.advanceTimersByTimeAsync(0.2)
  }
  await vi.advanceTimersByTimeAsync(50)
  expect(steps.length).toBeLessThan(12)
  expect(ledger.position).toBe(place(500))
})

it('events that nobody wants are passed with one save a second', async () => {
  const {state, steps} = stateOf(() => false)
  const ledger = ledgerOf(state)
  for (let n = 1; n <= 100; n++) {
    ledger.skip(place(n))
    await vi.advanceTimersByTimeAsync(20)
  }
  await vi.advanceTimersByTimeAsync(1000)
  expect(steps.length).toBeLessThanOrEqual(3)
  expect(ledger.position).toBe(place(100))
})

it('has room for as many as are not saved yet or wait, and no more', async () => {
  let isFull = true
  const {state} = stateOf(() => isFull)
  const ledger = ledgerOf(state, 3)
  const {signal} = new AbortController()
  for (const n of [1, 2, 3]) {
    expect(ledger.room(signal)).toBe(true)
    ledger.take(place(n))
    ledger.settle(place(n))
  }
  let isFree = false
  void Promise.resolve(ledger.room(signal)).then(() => {
    isFree = true
  })
  await vi.advanceTimersByTimeAsync(10_000)
  expect([isFree, ledger.fault]).toEqual([false, 'full'])
  isFull = false
  await vi.advanceTimersByTimeAsync(6000)
  expect([isFree, ledger.fault]).toEqual([true, undefined])
  for (const n of [4, 5, 6]) {
    ledger.take(place(n))
    ledger.put(deliveryAt(n), true)
  }
  await vi.advanceTimersByTimeAsync(100)
  // They are saved, but three wait.
  const stop = new AbortController()
  const room = ledger.room(stop.signal)
  ledger.put(deliveryAt(4, 'dead'), false)
  await vi.advanceTimersByTimeAsync(100)
  expect(await room).toBe(true)
  expect(ledger.counts).toEqual({waiting: 2, dead: 1})
})
