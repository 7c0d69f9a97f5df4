import type {Bounds} from './bounds.ts'
import type {Seqs} from './seqs.ts'
import {isBefore} from './seqs.ts'

/** The numbers that are in any of the sequences. */
export function anyOf(sequences: readonly Seqs[], bounds: Bounds): Seqs {
  const [only, second] = sequences
  if (only && !second) return only
  // A binary heap, the sequence whose number comes first at the top.
  const heap: Seqs[] = sequences.filter((one) => one.head() !== undefined)
  for (let index = heap.length >> 1; index >= 0; index--) sink(heap, index, bounds)
  return {
    head: () => heap[0]?.head(),
    seek(target) {
      for (let top = heap[0]; top && isBefore(top.head()!, target, bounds); top = heap[0]) {
        top.seek(target)
        if (top.head() === undefined) {
          const last = heap.pop()!
          if (last !== top) heap[0] = last
        }
        sink(heap, 0, bounds)
      }
    },
  }
}

function sink(heap: Seqs[], index: number, bounds: Bounds): void {
  for (let parent = index; ; ) {
    let first = parent
    for (const child of [2 * parent + 1, 2 * parent + 2]) {
      if (child < heap.length && isBefore(heap[child]!.head()!, heap[first]!.head()!, bounds)) first = child
    }
    if (first === parent) return
    const moved = heap[parent]!
    heap[parent] = heap[first]!
    heap[first] = moved
    parent = first
  }
}

/** Leaps without a number in common until the reader gets its turn: some milliseconds. */
const mostLeaps = 64

/** The numbers that are in all of the sequences: each leaps to where another one is ahead of it. */
export function allOf(sequences: readonly Seqs[]): Seqs {
  const [only, second] = sequences
  if (only && !second) return only
  let target = sequences[0]?.head()
  let isFound = false

  function goOn(): boolean {
    for (let agreeing = 0, leaps = 0; !isFound; leaps++) {
      isFound = target === undefined || agreeing === sequences.length
      if (isFound) break
      if (leaps === mostLeaps) return true
      const one = sequences[leaps % sequences.length]!
      one.seek(target!)
      const head = one.head()
      agreeing = head === target ? agreeing + 1 : 1
      target = head
    }
    return false
  }

  return {
    head() {
      while (goOn());
      return target
    },
    seek(number) {
      sequences[0]?.seek(number)
      target = sequences[0]?.head()
      isFound = false
    },
    goOn,
  }
}
