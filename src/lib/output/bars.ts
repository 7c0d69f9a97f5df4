import type {Paint} from './paint.ts'
import {printable, widthOf} from './printable.ts'

/** Counts as horizontal bars, the largest as wide as the room that is left in `width` columns. */
export function bars(
  groups: ReadonlyArray<{key: string; count: number}>,
  {paint, width}: {paint: Paint; width: number},
): string[] {
  const keys = groups.map(({key}) => printable(key))
  const keyWidth = Math.max(0, ...keys.map(widthOf))
  const most = Math.max(1, ...groups.map(({count}) => count))
  const countWidth = String(most).length
  const room = Math.max(10, width - keyWidth - countWidth - 4)
  return groups.map(({count}, index) => {
    const key = keys[index]!
    const label = key + ' '.repeat(keyWidth - widthOf(key))
    return `${label}  ${String(count).padStart(countWidth)}  ${paint.accent(bar((count / most) * room))}`
  })
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

function bar(columns: number): string {
  const whole = Math.floor(columns)
  return '█'.repeat(whole) + eighths[Math.floor((columns - whole) * 8)] || eighths[1]!
}
