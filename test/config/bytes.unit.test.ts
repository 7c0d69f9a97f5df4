import {describe, expect, it} from 'vitest'
import {byteSize, parseBytes} from '../../src/lib/config/bytes.ts'

describe('a size', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['10GB', 10_000_000_000],
    ['10 gb', 10_000_000_000],
    ['1.5MB', 1_500_000],
    ['64MiB', 67_108_864],
    ['2k', 2000],
    ['7B', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(byteSize(text)).toBe(bytes)
  })

  it.each(['', 'GB', '-1', '10XB', '1e3', '10 GB more', '10i', '999999999999999TB'])('%j is none', (text) => {
    expect(byteSize(text)).toBeUndefined()
  })

  it('that is none ends a command with what is accepted', () => {
    expect(() => parseBytes('a lot')).toThrowError(
      expect.objectContaining({code: 'USAGE', exit: 2, message: '"a lot" is not a size'}),
    )
  })
})
