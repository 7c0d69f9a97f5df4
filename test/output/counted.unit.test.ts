import {describe, expect, it} from 'vitest'
import {counted} from '../../src/lib/output/counted.ts'

describe('a count with its noun', () => {
  it.each([
    [0, '0 lines'],
    [1, '1 line'],
    [2, '2 lines'],
  ])('of %i', (count, text) => {
    expect(counted(count, 'line')).toBe(text)
  })

  it('takes another plural where there is one', () => {
    expect([counted(1, 'reply', 'replies'), counted(3, 'reply', 'replies')]).toEqual(['1 reply', '3 replies'])
  })
})
