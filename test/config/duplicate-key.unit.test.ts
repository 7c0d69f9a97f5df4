import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {duplicateKey} from '../../src/lib/config/duplicate-key.ts'

describe('a key that stands twice', () => {
  it.each([
    ['{"a": 1, "a": 2}', 'a'],
    ['{"a": {"rules": [1], "x": "}", "rules": []}}', 'a.rules'],
    ['[{"b": [{"c": 1, "\\u0063": 2}]}]', 'b.c'],
    ['{"a\\"": "{", "b": 1, "a\\"": 2}', 'a"'],
  ])('is found in %s', (json, path) => {
    expect(duplicateKey(json)).toBe(path)
  })

  it.each(['{}', '[]', '"a"', '{"a": {"a": {"a": ["a", "a"]}}, "b": "a"}', '[{"a": 1}, {"a": 1}]', '{"": {"": 1}}'])(
    'is not found in %s',
    (json) => {
      expect(duplicateKey(json)).toBeUndefined()
    },
  )

  it('is never found in what was written from an object', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 2), (json, space) => {
        expect(duplicateKey(JSON.stringify(JSON.parse(json), null, space))).toBeUndefined()
      }),
    )
  })
})
