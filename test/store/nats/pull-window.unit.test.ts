import {describe, expect, it} from 'vitest'
import {createPullWindow} from '../../../src/lib/store/nats/pull-window.ts'

const nothing = {messages: 0, bytes: 0}

function receive(window: ReturnType<typeof createPullWindow>, messages: number, bytes = 1000): void {
  for (let n = 0; n < messages; n++) window.arrived(bytes)
}

describe('what a pull consumer asks for', () => {
  it('grows, while no more than the window is on its way or waiting', () => {
    const window = createPullWindow(Number.POSITIVE_INFINITY)
    const portions: number[] = []
    for (let round = 0; round < 8; round++) {
      portions.push(window.next(nothing)?.batch ?? 0)
      expect(window.asked).toBeLessThanOrEqual(4096)
      receive(window, window.asked)
    }
    expect(portions).toEqual([256, 512, 1024, 2048, 4096, 4096, 4096, 4096])
    expect(window.next({messages: 4096, bytes: 4_000_000})).toBeUndefined()
    expect(window.next({messages: 4000, bytes: 4_000_000})).toEqual({batch: 96})
    expect(window.next({messages: 0, bytes: 5_000_000})).toBeUndefined()
  })

  it('is never more than what was wanted in all, counting what the server did not send', () => {
    const window = createPullWindow(300)
    expect(window.next(nothing)).toEqual({batch: 256})
    receive(window, 200)
    expect(window.next(nothing)).toEqual({batch: 44})
    receive(window, 50)
    window.ended(50, false)
    expect(window.asked).toBe(0)
    expect(window.next(nothing)).toEqual({batch: 50})
    receive(window, 50)
    expect(window.next(nothing)).toBeUndefined()
  })

  it('is limited in bytes once a large message was seen, and less so for one that does not fit', () => {
    const window = createPullWindow(Number.POSITIVE_INFINITY)
    window.next(nothing)
    receive(window, 256, 100_000)
    const limited = window.next(nothing)
    expect(limited).toEqual({batch: 512, max_bytes: 8 * 2 ** 20})
    window.ended(512, true)
    expect(window.next(nothing)?.max_bytes).toBe(32 * 2 ** 20)
  })
})
