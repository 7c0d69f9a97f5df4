import type {WordScores} from './word-scores.ts'

/**
 * The numbers with the `count` highest scores and all that tie with the last of them, the highest first. A heap of that
 * size is far cheaper than sorting every passage that has a word of the prompt.
 */
export function topNumbers({of, numbers}: WordScores, count: number): number[] {
  const lowest = nthHighest(of, numbers, count)
  return numbers.filter((number) => of[number]! >= lowest).sort((a, b) => of[b]! - of[a]! || a - b)
}

/** The n-th highest score; the lowest when there are fewer. */
function nthHighest(of: Float64Array, numbers: readonly number[], n: number): number {
  const heap = new Float64Array(Math.min(n, numbers.length))
  let size = 0
  for (const number of numbers) {
    const score = of[number]!
    if (size < heap.length) rise(heap, size++, score)
    else if (score > heap[0]!) sink(heap, score)
  }
  return heap[0] ?? 0
}

/** Puts a score at the end of a heap whose smallest is at the top, and lets it rise. */
function rise(heap: Float64Array, end: number, score: number): void {
  let at = end
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (heap[parent]! <= score) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = score
}

/** Puts a score in the place of the smallest, and lets it sink. */
function sink(heap: Float64Array, score: number): void {
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++
    if (heap[child]! >= score) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = score
}
