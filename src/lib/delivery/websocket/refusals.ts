import type {Diagnostics} from '../diagnostics.ts'

/** Tells the operator of refused connections: the first at once, then once a minute how many there were. */
export interface Refusals {
  note(status: number, reason: string, address: string): void
  count(): number
  close(): void
}

const everyMs = 60_000

export function createRefusals(diagnostics: Diagnostics): Refusals {
  let total = 0
  let more = 0
  let last = ''
  let timer: NodeJS.Timeout | undefined

  function tell(): void {
    timer = undefined
    if (more === 0) return
    diagnostics.warn(`WebSocket: refused ${more} more in the last minute, the last ${last}`)
    more = 0
    wait()
  }

  function wait(): void {
    timer = setTimeout(tell, everyMs)
    timer.unref()
  }

  return {
    note(status, reason, address) {
      total++
      last = `from ${address} with ${status}: ${reason}`
      if (timer !== undefined) {
        more++
        return
      }
      diagnostics.warn(`WebSocket: refused a connection ${last}`)
      wait()
    },
    count: () => total,
    close: () => clearTimeout(timer),
  }
}
