import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {createRecorderQueue} from '../../src/lib/capture/recorder-queue.ts'
import {event} from '../contracts/event-store/events.ts'

const step = fc.oneof(
  {weight: 6, arbitrary: fc.record({kind: fc.constant('add' as const), size: fc.integer({min: 0, max: 400})})},
  {weight: 2, arbitrary: fc.record({kind: fc.constant('take' as const), most: fc.integer({min: 1, max: 8})})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('done' as const)})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant('giveBack' as const), settled: fc.nat(3)})},
)

describe('the queue of a recorder', () => {
  it('loses nothing but the oldest, keeps the order, and stays within its limits', () => {
    fc.assert(
      fc.property(fc.array(step, {maxLength: 200}), fc.integer({min: 2, max: 20}), (steps, limit) => {
        const most = {events: limit, weight: 4000}
        const queue = createRecorderQueue(most)
        // The plain model: a list of numbers, the first `held` of which are taken.
        let model: number[] = []
        let held = 0
        let added = 0
        for (const one of steps) {
          if (one.kind === 'add') {
            model.push(++added)
            const gone = queue.add(event(`e-${added}`, {data: {text: 'x'.repeat(one.size)}}))
            for (const {number} of gone) {
              expect(number).toBe(model[held])
              model.splice(held, 1)
            }
            expect(model.at(-1)).toBe(added)
            expect(queue.count <= limit + held || queue.count === held + 1).toBe(true)
          } else if (one.kind === 'take' && held === 0) {
            const batch = queue.take(one.most, 1500)
            held = batch.length
            expect(batch.map(({number}) => number)).toEqual(model.slice(0, held))
            expect(held > 0 || model.length === 0).toBe(true)
          } else if (one.kind === 'done') {
            queue.done()
            model = model.slice(held)
            held = 0
          } else if (one.kind === 'giveBack' && held > 0) {
            queue.giveBack()
            held = 0
          }
          expect(queue.count).toBe(model.length)
          expect(queue.oldest).toBe(model[0])
          expect(queue.newest).toBe(added)
        }
        queue.giveBack()
        let weight = 0
        for (const {number, weight: one} of queue.take(1000, 1e9)) {
          expect(number).toBe(model.shift())
          weight += one
        }
        expect(queue.weight).toBe(weight)
        queue.done()
        expect([queue.count, queue.weight]).toEqual([0, 0])
      }),
    )
  })
})
