/** Where a delivered message stands. */
export interface Place {
  /** In the stream. */
  seq: number
  /** In what the consumer has delivered. */
  delivery: number
  /** Epoch milliseconds. */
  storedMs: number
  /** How many messages that the consumer wants come after it. */
  pending: number
}

/**
 * Reads `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<seq>.<delivery>.<ns>.<pending>[.<token>]`, from
 * its end and without making strings of its parts: it is done for every message.
 */
export function createPlaceReader(): (reply: string) => Place {
  /** Tokens after the number of pending messages; the same for all replies that one server gives. */
  let trailing = -1

  return (reply) => {
    if (trailing < 0) {
      const {length} = reply.split('.')
      trailing = length === 9 ? 0 : Math.max(0, length - 11)
    }
    let end = reply.length
    for (let skipped = 0; skipped < trailing; skipped++) end = reply.lastIndexOf('.', end - 1)
    const pendingAt = reply.lastIndexOf('.', end - 1)
    const timeAt = reply.lastIndexOf('.', pendingAt - 1)
    const deliveryAt = reply.lastIndexOf('.', timeAt - 1)
    const seqAt = reply.lastIndexOf('.', deliveryAt - 1)
    return {
      seq: digitsIn(reply, seqAt + 1, deliveryAt),
      delivery: digitsIn(reply, deliveryAt + 1, timeAt),
      // Nanoseconds are beyond what a number holds exactly: the last six digits are left out.
      storedMs: digitsIn(reply, timeAt + 1, pendingAt - 6),
      pending: digitsIn(reply, pendingAt + 1, end),
    }
  }
}

function digitsIn(text: string, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + text.charCodeAt(at) - 48
  return value
}
