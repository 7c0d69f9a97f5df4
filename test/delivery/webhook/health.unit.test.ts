import {expect, it} from 'vitest'
import {createHealth} from '../../../src/lib/delivery/webhook/health.ts'

const hour = 3_600_000

function healthAt(start: number, failingMs?: number) {
  const clock = {now: start}
  return {clock, health: createHealth({failingMs, now: () => clock.now})}
}

it('an endpoint is given up after five days of failure, counted over restarts', () => {
  const {clock, health} = healthAt(0)
  for (let n = 0; n <= 100; n++) {
    health.failed()
    clock.now += hour
  }
  expect(health.failingMs).toBe(100 * hour)
  const next = healthAt(1e12, health.failingMs)
  for (let n = 0; n < 20; n++) {
    expect(next.health.isGivenUp).toBe(false)
    next.health.failed()
    next.clock.now += hour
  }
  next.health.failed()
  expect(next.health.isGivenUp).toBe(true)
})

it('one success begins the count anew', () => {
  const {clock, health} = healthAt(0, 119 * hour)
  health.failed()
  health.succeeded()
  clock.now += hour
  health.failed()
  clock.now += hour
  health.failed()
  expect(health.failingMs).toBe(hour)
})

it('a clock that jumps ahead or back does not count', () => {
  const {clock, health} = healthAt(1e12)
  for (const jump of [1e11, -2e11, 1e11]) {
    health.failed()
    clock.now += jump
  }
  health.failed()
  expect(health.failingMs).toBe(2 * hour)
})

it('knows whether the endpoint has worked since a time, also since one that is still to come', () => {
  const {clock, health} = healthAt(1000)
  expect(health.worksSince(0)).toBe(false)
  health.succeeded()
  expect(health.worksSince(1000)).toBe(true)
  clock.now = 2000
  expect(health.worksSince(1500)).toBe(false)
  // Noted before the clock was set back.
  expect(health.worksSince(9000)).toBe(true)
})
