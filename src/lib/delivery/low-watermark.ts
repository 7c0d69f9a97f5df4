import type {Position} from '../event/envelope.ts'

/**
 * Knows how far a reader has got whose work on events ends in any order: up to the last event before the first that
 * has work left.
 */
export interface LowWatermark {
  /** The reader has come to this event and begun `work` pieces on it; in log order. */
  begin(position: Position, work: number): void
  /** One piece is done, or stands where it is not forgotten. */
  end(position: Position): void
  /** Everything up to here is done with; undefined before the first. */
  position(): Position | undefined
  /** Events with work left, and those behind them. */
  readonly open: number
}

export function createLowWatermark(): LowWatermark {
  // A Map keeps the order of insertion, which is that of the log.
  const left = new Map<Position, number>()
  let reached: Position | undefined
  let newest: Position | undefined

  function advance(): void {
    for (const [position, work] of left) {
      if (work > 0) return
      left.delete(position)
      reached = position
    }
  }

  return {
    begin(position, work) {
      // Of events in a row without work the last stands for all: one that is stuck before them must not fill the memory.
      if (work === 0 && newest !== undefined && left.get(newest) === 0) left.delete(newest)
      newest = position
      left.set(position, work)
      if (work === 0) advance()
    },
    end(position) {
      const work = left.get(position)
      if (work === undefined) return
      left.set(position, work - 1)
      if (work === 1) advance()
    },
    position: () => reached,
    get open() {
      return left.size
    },
  }
}
