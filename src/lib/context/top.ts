/**
 * The numbers with the `count` highest scores above zero and all that tie with the last of them, the highest first.
 * A heap of that size is far cheaper than sorting every passage that has a word of the prompt.
 */
export function topNumbers(scores: Float64Array, count: number): number[] {
  const lowest = nthHighest(scores, count)
  const found: number[] = []
  for (let number = 0; number < scores.length; number++) if (scores[number]! >= lowest) found.push(number)
  return found.sort((a, b) => scores[b]! - scores[a]! || a - b)
}

/** The n-th highest score above zero; the smallest above zero when there are fewer. */
function nthHighest(scores: Float64Array, n: number): number {
  const heap = new Float64Array(n)
  let size = 0
  // By index: iterating over a typed array takes four times as long.
  for (let number = 0; number < scores.length; number++) {
    const score = scores[number]!
    if (score <= 0) continue
    if (size < n) rise(heap, size++, score)
    else if (score > heap[0]!) sink(heap, score)
  }
  return size === 0 ? Number.POSITIVE_INFINITY : heap[0]!
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
