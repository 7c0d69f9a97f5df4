/** What to ask the server for. */
export interface PullSize {
  batch: number
  max_bytes?: number
}

/** Decides how much a pull consumer asks for, so that neither side waits and what is kept in memory stays bounded. */
export interface PullWindow {
  /** How many messages are on their way. */
  readonly asked: number
  /** What to ask for now, given what has arrived and not been taken; undefined: nothing. */
  next(waiting: {messages: number; bytes: number}): PullSize | undefined
  arrived(bytes: number): void
  /** A request ended with so many messages not sent; `isTooBig`: the next one has more bytes than were asked for. */
  ended(unused: number, isTooBig: boolean): void
}

/** Less at first, since it is not known yet how large messages are. */
const firstWindow = 256
const mostWindow = 4096
const windowBytes = 8 * 2 ** 20
/** From the first message of this size on the server is told not to send more bytes than we want, which slows it down. */
const largeMessage = 8 * 2 ** 10

/** At most `atMost` messages are asked for in all. */
export function createPullWindow(atMost: number): PullWindow {
  let budget = atMost
  let window = firstWindow
  let asked = 0
  let hasLarge = false
  let maxBytes = windowBytes
  let sinceAsked = 0

  return {
    get asked() {
      return asked
    },
    next({messages, bytes}) {
      const room = Math.min(window - asked - messages, budget)
      // Asked for in few large portions: each of them costs a message and the server's attention.
      if (room <= 0 || asked > window / 2 || bytes > windowBytes / 2) return undefined
      window = Math.min(window * 2, mostWindow)
      asked += room
      budget -= room
      sinceAsked = 0
      return {batch: room, ...(hasLarge && {max_bytes: maxBytes})}
    },
    arrived(bytes) {
      asked--
      sinceAsked++
      if (bytes > largeMessage) hasLarge = true
    },
    ended(unused, isTooBig) {
      asked = Math.max(0, asked - unused)
      budget += unused
      // A single message larger than all that we asked for would never come.
      if (isTooBig && sinceAsked === 0) maxBytes *= 4
    },
  }
}
