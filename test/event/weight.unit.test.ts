import {describe, expect, it} from 'vitest'
import {weightOf} from '../../src/lib/event/weight.ts'
import {event} from '../contracts/event-store/events.ts'

describe('the weight of an event', () => {
  it('is about its length as JSON', () => {
    for (const data of [
      {text: 'x'.repeat(10_000)},
      {list: Array.from({length: 500}, (_, n) => ({n, name: `n${n}`}))},
      {},
    ]) {
      const one = event('a', {data})
      const length = JSON.stringify(one).length
      expect(weightOf(one)).toBeGreaterThan(length * 0.8)
      expect(weightOf(one)).toBeLessThan(length * 1.3)
    }
  })

  it('is found also of what has no end, and of what cannot be read', () => {
    const around: Record<string, unknown> = {}
    around['self'] = [around, around]
    const wide = Array.from({length: 300_000}, () => ({}))
    const trap = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error('no')
      },
    })
    for (const value of [around, {wide}, {trap}]) expect(weightOf(value)).toBeGreaterThan(0)
  })
})
