import {describe, expect, it} from 'vitest'
import {dateOfFields, dateOfName, timestampOf} from '../../src/lib/migrate/dates.ts'

const march2 = Date.UTC(2026, 2, 2)

describe('the date of a memory file', () => {
  it.each([
    ['memory/2026-03-02.md', march2],
    ['memory/2026-03-02-boiler.md', march2],
    ['memory/2026-03-02 boiler.md', march2],
    ['memory/2026/03/2026-03-02.md', march2],
    ['life/areas/projects/tea/2026-03-02.md', march2],
    ['memory/2026-02-30.md', undefined],
    ['memory/2026-13-01.md', undefined],
    ['memory/2026-03-021.md', undefined],
    ['memory/notes-2026-03-02.md', undefined],
    ['memory/2026-03-02/notes.md', undefined],
    ['MEMORY.md', undefined],
  ])('of %s is its name’s', (path, expected) => {
    expect(dateOfName(path)).toBe(expected)
  })

  it.each([
    [{date: '2026-03-02'}, march2],
    [{date: ' 2026-03-02T00:00:00Z '}, march2],
    [{created: '2026-03-02 01:00 +01:00'}, march2],
    [{createdAt: '2026-03-02'}, march2],
    [{created_at: '2026-03-02'}, march2],
    [{timestamp: march2}, march2],
    [{timestamp: march2 / 1000}, march2],
    [{date: 'yesterday', created: '2026-03-02'}, march2],
    [{date: '2026-03-02', created: '1999-01-01'}, march2],
    [{date: 20260302}, undefined],
    [{date: '2026-02-30'}, undefined],
    [{date: null, timestamp: ['2026-03-02']}, undefined],
    [{updated: '2026-03-02'}, undefined],
    [{}, undefined],
  ])('in the fields %j is found or not', (fields, expected) => {
    expect(dateOfFields(fields)).toBe(expected)
  })

  it('fits an event’s timestamp even where a file system tells nonsense', () => {
    expect(timestampOf(1e300)).toBe('9999-12-31T23:59:59.999Z')
    expect(timestampOf(-1e300)).toBe('0000-01-01T00:00:00.000Z')
    expect(timestampOf(march2)).toBe('2026-03-02T00:00:00.000Z')
  })
})
