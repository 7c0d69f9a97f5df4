import {describe, expect, it} from 'vitest'
import {covers, overlap} from '../../../src/lib/store/nats/pushdown.ts'

describe('a subject pattern', () => {
  it.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.b.c', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a', false],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['>', 'a', true],
    ['*.b.>', 'a.b.c', true],
    ['*.b.>', 'a.c.b', false],
    ['a.>', 'a.>', true],
    ['a.*', 'a.>', false],
    ['a.b.>', 'a.>', false],
  ])('%s covers %s: %s', (pattern, subject, expected) => {
    expect(covers(pattern, subject)).toBe(expected)
  })

  it.each([
    ['a.>', 'a.b.>', true],
    ['a.*.c', 'a.b.*', true],
    ['a.b', 'a.b', true],
    ['a.b', 'a.b.c', false],
    ['a.>', 'a', false],
    ['a.>', 'b.>', false],
    ['*.b', 'a.*', true],
    ['a.b-locks.>', 'a.b.>', false],
  ])('%s and %s overlap: %s', (one, other, expected) => {
    expect(overlap(one, other)).toBe(expected)
    expect(overlap(other, one)).toBe(expected)
  })
})
