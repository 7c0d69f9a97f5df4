import {describe, expect, it} from 'vitest'
import {bars} from '../../src/lib/output/bars.ts'
import {bytesText} from '../../src/lib/output/bytes.ts'
import {createPaint} from '../../src/lib/output/paint.ts'
import {table} from '../../src/lib/output/table.ts'

const paint = createPaint(false)

describe('bars', () => {
  it('draws the largest count over the whole room and the others in proportion', () => {
    expect(
      bars(
        [
          {key: 'tool.called', count: 40},
          {key: 'x', count: 10},
          {key: 'y', count: 0},
        ],
        {paint, width: 57},
      ),
    ).toEqual([`tool.called  40  ${'█'.repeat(40)}`, `x            10  ${'█'.repeat(10)}`, 'y             0  ▏'])
  })

  it('shows keys without letting them act on the terminal', () => {
    expect(bars([{key: 'a\u001b[2J', count: 1}], {paint, width: 40})[0]).toMatch(/^a\\e\[2J {2}1 /)
  })
})

describe('table', () => {
  it('aligns columns without frames or trailing blanks', () => {
    expect(
      table(
        ['stream', 'events'],
        [
          ['openclaw-events', '12'],
          ['x', '3'],
        ],
      ),
    ).toBe('stream           events\nopenclaw-events  12\nx                3')
  })
})

describe('bytesText', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1_234_567, '1.2 MB'],
    [5e12, '5.0 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text)
  })
})
