import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {createGate, type Gate, type GateOptions, type Sender} from '../../../src/lib/delivery/webhook/gate.ts'

const retry = {maxAttempts: 3, initialDelayMs: 1000, maxDelayMs: 8000, backoffMultiplier: 2}
const {signal: running} = new AbortController()
let pauses: Array<string | undefined>

beforeEach(() => {
  vi.useFakeTimers()
  pauses = []
})
afterEach(() => vi.useRealTimers())

function gateOf({limit = 4, random = () => 1, signal = running}: Partial<GateOptions> = {}): Gate {
  return createGate({limit, retry, random, signal, onPause: (reason) => pauses.push(reason)})
}

/** Wants to send; tells whether it was let in yet. */
function wish(gate: Gate, sender: Sender = 'log'): () => Promise<boolean | undefined> {
  let answer: boolean | undefined
  void Promise.resolve(gate.enter(sender)).then((isLetIn) => {
    answer = isLetIn
  })
  return async () => {
    await vi.advanceTimersByTimeAsync(0)
    return answer
  }
}

/** Requests that are let in at once and fail. */
function failEach(gate: Gate, ...ids: string[]): void {
  for (const id of ids) {
    expect(gate.enter('log')).toBe(true)
    gate.failed(id, 'status 500')
    gate.leave()
  }
}

describe('the gate of an endpoint', () => {
  it('lets in as many as its limit, and the next when one leaves', async () => {
    const gate = gateOf({limit: 2})
    expect([gate.enter('log'), gate.enter('log')]).toEqual([true, true])
    const third = wish(gate)
    expect(await third()).toBeUndefined()
    gate.leave()
    expect(await third()).toBe(true)
    expect(gate.inFlight).toBe(2)
  })

  it('closes when five different events have failed in a row', () => {
    const gate = gateOf()
    failEach(gate, 'a', 'b', 'c', 'd', 'a', 'b', 'a')
    expect(pauses).toEqual([])
    failEach(gate, 'e')
    expect(pauses).toEqual(['status 500'])
  })

  it('stays open while events are delivered in between', () => {
    const gate = gateOf()
    for (const round of ['1', '2', '3']) {
      failEach(gate, `a${round}`, `b${round}`, `c${round}`, `d${round}`)
      gate.succeeded()
    }
    expect(pauses).toEqual([])
  })

  it('lets one request try after a while, longer each time, up to the longest', async () => {
    const gate = gateOf()
    failEach(gate, 'a', 'b', 'c', 'd', 'e')
    for (const ms of [1000, 2000, 4000, 8000, 8000]) {
      const probe = wish(gate)
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect(await probe(), `${ms}`).toBeUndefined()
      await vi.advanceTimersByTimeAsync(1)
      expect(await probe(), `${ms}`).toBe(true)
      gate.failed('a', 'status 500')
      gate.leave()
    }
    expect(pauses).toEqual(['status 500'])
  })

  it('rests for at least half of the wait, whatever chance says', async () => {
    const gate = gateOf({random: () => 0})
    failEach(gate, 'a', 'b', 'c', 'd', 'e')
    const probe = wish(gate)
    await vi.advanceTimersByTimeAsync(499)
    expect(await probe()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(await probe()).toBe(true)
  })

  it('opens with the first success, one more with each', async () => {
    const gate = gateOf()
    failEach(gate, 'a', 'b', 'c', 'd', 'e')
    await vi.advanceTimersByTimeAsync(1000)
    expect(gate.enter('log')).toBe(true)
    const second = wish(gate)
    expect(await second()).toBeUndefined()
    gate.succeeded()
    gate.leave()
    expect(pauses).toEqual(['status 500', undefined])
    expect(await second()).toBe(true)
    const third = wish(gate)
    expect(await third()).toBeUndefined()
    gate.succeeded()
    gate.leave()
    expect(await third()).toBe(true)
    expect(gate.enter('retry')).toBe(true)
  })

  it('tries the log and what waits in turns, so that one event that always fails does not stand in the way', async () => {
    const gate = gateOf()
    failEach(gate, 'a', 'b', 'c', 'd', 'e')
    const order: Sender[] = []
    for (let n = 0; n < 4; n++) {
      const wishes = {log: wish(gate, 'log'), retry: wish(gate, 'retry')}
      for (let m = 0; m < 2; m++) {
        await vi.advanceTimersByTimeAsync(8000)
        for (const sender of ['log', 'retry'] as const) {
          if ((await wishes[sender]()) && !order.slice(n * 2).includes(sender)) order.push(sender)
        }
        gate.failed('a', 'status 500')
        gate.leave()
      }
    }
    expect(order).toEqual(['retry', 'log', 'retry', 'log', 'retry', 'log', 'retry', 'log'])
  })

  it('closes for as long as the endpoint asks, for everything', async () => {
    const gate = gateOf()
    expect(gate.enter('log')).toBe(true)
    gate.failed('a', 'status 429', 60_000)
    gate.leave()
    const next = wish(gate)
    await vi.advanceTimersByTimeAsync(59_000)
    expect(await next()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1000)
    expect(await next()).toBe(true)
    expect(pauses).toEqual(['status 429'])
  })

  it('keeps the longest of what it is asked, and does not stay closed for what was under way', async () => {
    const gate = gateOf()
    for (const waitMs of [5000, 60_000, 1000]) {
      gate.enter('log')
      gate.failed('a', 'status 429', waitMs)
    }
    for (let n = 0; n < 3; n++) gate.leave()
    const next = wish(gate)
    await vi.advanceTimersByTimeAsync(59_999)
    expect(await next()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(await next()).toBe(true)
  })

  it('closes after twenty refusals in a row, which are more often the fault of events', async () => {
    const gate = gateOf()
    for (let n = 0; n < 19; n++) gate.refused('status 401')
    gate.succeeded()
    for (let n = 0; n < 19; n++) gate.refused('status 401')
    expect(pauses).toEqual([])
    gate.refused('status 401')
    expect(pauses).toEqual(['status 401'])
  })

  it('lets nobody in any more once the signal has aborted', async () => {
    const stop = new AbortController()
    const gate = gateOf({limit: 1, signal: stop.signal})
    expect(gate.enter('log')).toBe(true)
    const waiting = gate.enter('retry')
    stop.abort()
    expect(await waiting).toBe(false)
    expect(gate.enter('log')).toBe(false)
    gate.leave()
    await gate.idle()
    expect(gate.inFlight).toBe(0)
  })
})
