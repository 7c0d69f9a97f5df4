import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {contentId} from '../../src/lib/event/id.ts'
import {createPartTable} from '../../src/lib/migrate/part-table.ts'
import type {KnownPart} from '../../src/lib/migrate/places.ts'

const parts = fc
  .tuple(
    fc.constantFrom('', 'Notes', '茶 🍵', 'Plans', '\ud800'),
    fc.integer({min: 0, max: 3}),
    fc.option(fc.nat(), {nil: undefined}),
  )
  .map(([heading, ordinal, seed]): KnownPart => {
    const eventId = contentId(seed ?? 0, heading, String(ordinal))
    return {heading, ordinal, eventId, sha256: seed === undefined ? undefined : seed.toString(16).padStart(64, 'a')}
  })

describe('part table', () => {
  it('keeps of each place in a chain what was added last, and keeps chains apart', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a.md', 'b.md'), parts)), (added) => {
        const table = createPartTable()
        const last = new Map<string, number>()
        for (const [path, part] of added) last.set(path, table.add(part, last.get(path) ?? -1))
        for (const path of ['a.md', 'b.md']) {
          const expected = new Map<string, KnownPart>()
          for (const [of, part] of added) if (of === path) expected.set(`${part.heading} ${part.ordinal}`, part)
          const order = (a: KnownPart, b: KnownPart) =>
            `${a.heading} ${a.ordinal}` < `${b.heading} ${b.ordinal}` ? -1 : 1
          expect(table.latest(last.get(path) ?? -1).sort(order)).toEqual([...expected.values()].sort(order))
        }
      }),
    )
  })

  it('keeps a heading that is longer than a page', () => {
    const table = createPartTable()
    const parts = ['short', 'x'.repeat(3_000_000), 'y'].map((heading) => ({
      heading,
      ordinal: 0,
      eventId: contentId(1, heading),
      sha256: 'ab'.repeat(32),
    }))
    const last = parts.reduce((previous, part) => table.add(part, previous), -1)
    expect(table.latest(last)).toEqual(parts)
  })

  it('grows beyond a page', () => {
    const table = createPartTable()
    let last = -1
    for (let ordinal = 0; ordinal < 20_000; ordinal++) {
      last = table.add({heading: 'x', ordinal, eventId: contentId(ordinal, 'x'), sha256: 'ab'.repeat(32)}, last)
    }
    const latest = table.latest(last)
    expect([latest.length, latest[0]?.ordinal, latest[19_999]?.eventId]).toEqual([20_000, 0, contentId(19_999, 'x')])
  })
})
