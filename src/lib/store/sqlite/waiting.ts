import {closeSync, existsSync, openSync, rmSync} from 'node:fs'
import {realPath} from './file.ts'

export const waitingSuffix = '-waiting'

/**
 * A sign beside the log that some writer waits for its turn, so that a busy one need not stand back for nobody. It is
 * only a hint: one that was left behind by a killed process costs the next busy writer one short pause.
 */
export interface WaitingSign {
  /** Said again at every try, since whoever gets the lock or stands back takes the sign down. */
  putUp(): void
  isUp(): boolean
  takeDown(): void
}

export function waitingSign(path: string): WaitingSign {
  const sign = realPath(path) + waitingSuffix
  return {
    putUp() {
      if (existsSync(sign)) return
      try {
        closeSync(openSync(sign, 'a', 0o600))
      } catch {
        // Without the sign the wait is longer: until the busy writer has done its work.
      }
    },
    isUp: () => existsSync(sign),
    takeDown: () => rmSync(sign, {force: true}),
  }
}
