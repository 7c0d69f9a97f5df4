import {describe, expect, it} from 'vitest'
import {textFrame} from '../../../src/lib/delivery/websocket/frame.ts'

describe('a text frame', () => {
  it.each([
    [0, [0x81, 0]],
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 0xff, 0xff]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
    [5_000_000, [0x81, 127, 0, 0, 0, 0, 0, 0x4c, 0x4b, 0x40]],
  ])('of %i bytes begins with %j', (length, head) => {
    const frame = textFrame('x'.repeat(length))
    expect([...frame.subarray(0, head.length)]).toEqual(head)
    expect(frame.toString('utf8', head.length)).toBe('x'.repeat(length))
  })

  it('counts bytes, not characters', () => {
    const frame = textFrame('é😀'.repeat(30))
    expect([frame[1], frame.readUInt16BE(2), frame.length]).toEqual([126, 180, 184])
  })
})
