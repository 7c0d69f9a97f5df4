import {setTimeout} from 'node:timers/promises'

/** Waits while other work of this process goes on. */
export function pause(ms: number): Promise<void> {
  return setTimeout(ms)
}
