import {randomUUID} from 'node:crypto'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {contentId} from '../../../src/lib/event/id.ts'
import {createIdSet} from '../../../src/lib/store/nats/id-set.ts'

describe('a set of ids', () => {
  it('is a set of any texts', () => {
    const ids = fc.oneof(fc.uuid(), fc.string(), fc.constantFrom('', '00000000-0000-0000-0000-000000000000', 'a', 'A'))
    fc.assert(
      fc.property(fc.array(ids, {maxLength: 200}), (list) => {
        const set = createIdSet()
        const reference = new Set<string>()
        for (const id of list) {
          expect(set.has(id)).toBe(reference.has(id))
          expect(set.add(id)).toBe(!reference.has(id))
          reference.add(id)
        }
        expect(set.size).toBe(reference.size)
      }),
      {seed: 4, numRuns: 300},
    )
  })

  it('tells spellings of a UUID apart', () => {
    const set = createIdSet()
    const id = '0193a5b0-7c1e-7def-8abc-0123456789ab'
    for (const one of [id, id.toUpperCase(), id.replaceAll('-', ''), ` ${id}`]) expect(set.add(one)).toBe(true)
    expect(set.size).toBe(4)
  })

  it('grows, also with ids made in the order of time', () => {
    const set = createIdSet()
    const ids = Array.from({length: 20_000}, (_, index) => (index % 2 ? contentId(index, String(index)) : randomUUID()))
    for (const id of ids) expect(set.add(id)).toBe(true)
    expect(set.size).toBe(20_000)
    expect(ids.every((id) => set.has(id))).toBe(true)
    expect(set.has(randomUUID())).toBe(false)
  })
})
