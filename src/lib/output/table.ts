import Table from 'cli-table3'
import {printable} from './printable.ts'

/** Rows under headings, aligned, without frames: reads the same on a terminal and in a pipe. Cells are made safe. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const plain = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  }
  const grid = new Table({
    head: [...head],
    chars: plain,
    style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0},
  })
  for (const row of rows) grid.push(row.map((cell) => printable(cell)))
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
