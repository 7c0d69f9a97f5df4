import {setTimeout} from 'node:timers/promises'
import type {ReplayTarget} from '../lib/replay/target.ts'
import {endEvents, eventText, type PrintFlags} from './print-events.ts'
import type {Terminal} from './terminal.ts'

export interface StdoutTarget extends ReplayTarget {
  /** All events were printed: closes the document that they made. */
  end(): Promise<void>
}

/** How long a reader that takes nothing is waited for, once the command was told to stop. */
const graceMs = 100

/** Prints replayed events. They have arrived when the pipe has taken them. */
export function stdoutTarget(flags: PrintFlags, term: Terminal, stop: AbortSignal): StdoutTarget {
  let count = 0
  return {
    async send(event) {
      stop.throwIfAborted()
      const text = eventText(event, count, flags, term)
      count++
      await term.line(text).catch((error: unknown) => {
        // It is on its way: only the wait for the reader was cut short.
        if (!stop.aborted) throw error
      })
    },
    async settle() {
      term.flush()
      const {promise: taken, resolve} = Promise.withResolvers<true>()
      process.stdout.write('', () => resolve(true))
      const isTaken = stop.aborted
        ? await Promise.race([taken, setTimeout(graceMs, false)])
        : await untilStop(taken, stop)
      if (!isTaken) stop.throwIfAborted()
    },
    counts: () => ({}),
    end: () => endEvents(count, flags, term),
  }
}

async function untilStop(taken: Promise<true>, stop: AbortSignal): Promise<boolean> {
  const ended = new AbortController()
  const stopped = new Promise<false>((resolve) => {
    stop.addEventListener('abort', () => resolve(false), {once: true, signal: ended.signal})
  })
  return Promise.race([taken, stopped]).finally(() => ended.abort())
}
