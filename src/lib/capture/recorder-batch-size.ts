/** How many events go into one transaction: as many as hold the event loop for a few milliseconds on this machine. */
export interface BatchSize {
  next(pending: number): number
  /** What a batch took, together with its checkpoint and its waits. */
  took(events: number, ms: number): void
}

const first = 128
const smallest = 16
const largest = 1000
const turnMs = 4
/** When events come faster than small transactions take them in: large ones cost a third less for each event. */
const pressedTurnMs = 12
/** Beyond this many turns it was a wait for a lock, which says nothing about the size. */
const mostTurns = 20

export function createBatchSize(queueLimit: number): BatchSize {
  const most = Math.max(1, Math.min(largest, Math.floor(queueLimit / 2)))
  const least = Math.min(smallest, most)
  let size = Math.min(first, most)
  let isPressed = false

  return {
    next(pending) {
      isPressed = pending > queueLimit / 8
      return size
    },
    took(events, ms) {
      const goal = isPressed ? pressedTurnMs : turnMs
      const isSmall = events < size && ms < goal
      if (isSmall || ms > goal * mostTurns) return
      const fitting = Math.round((events * goal) / Math.max(ms, 0.1))
      size = Math.min(most, Math.max(least, Math.min(size * 2, Math.max(size / 2, fitting))))
      size = Math.round(size)
    },
  }
}
