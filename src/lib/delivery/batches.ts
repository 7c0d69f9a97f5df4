import {setImmediate} from 'node:timers/promises'

export interface Weighing<T> {
  weigh(item: T): number
  /** A batch ends with the item that makes it weigh so much. */
  most: number
}

/**
 * Groups what a source has ready, up to `limit` at a time, so that a reader can write many events at once when there
 * are many and one at once when there is one. Reads at most one batch ahead. Ends and fails as the source does.
 */
export async function* inBatches<T>(
  source: AsyncIterable<T>,
  limit: number,
  weighing?: Weighing<T>,
): AsyncGenerator<T[]> {
  let ready: T[] = []
  let weight = 0
  let isDone = false
  let wakeReader: (() => void) | undefined
  let wakePump: (() => void) | undefined

  async function pump(): Promise<void> {
    for await (const item of source) {
      ready.push(item)
      weight += weighing?.weigh(item) ?? 0
      wakeReader?.()
      if (ready.length >= limit || (weighing && weight >= weighing.most)) {
        await new Promise<void>((resolve) => {
          wakePump = resolve
        })
      }
      if (isDone) return
    }
  }

  const pumped = pump().finally(() => {
    isDone = true
    wakeReader?.()
  })
  // Looked at below; a failure that comes while a batch is out must not count as unhandled.
  pumped.catch(() => undefined)
  try {
    while (true) {
      if (ready.length === 0) {
        if (isDone) break
        await new Promise<void>((resolve) => {
          wakeReader = resolve
        })
        // What was stored together arrives together.
        await setImmediate()
        continue
      }
      const batch = ready
      ready = []
      weight = 0
      wakePump?.()
      yield batch
    }
    await pumped
  } finally {
    isDone = true
    wakePump?.()
  }
}
