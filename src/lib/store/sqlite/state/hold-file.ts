import type {Driver} from '../connection.ts'
import {isBusy, storeFault} from '../faults.ts'
import {fileIdentity, makeFile} from '../file.ts'

export interface HeldFile {
  isHeld(): boolean
  release(): void
}

/**
 * Holds a file as SQLite holds a database that it writes: the operating system gives it up with the process, so
 * there is no heartbeat to miss, no number of a dead process to mistake for a live one, and no time to wait. Undefined
 * while somebody else holds it, be it in this process.
 */
export function holdFile({DatabaseSync}: Driver, path: string): HeldFile | undefined {
  makeFile(path)
  const db = new DatabaseSync(path, {timeout: 0})
  try {
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (thrown) {
    db.close()
    if (isBusy(thrown)) return undefined
    throw storeFault(thrown, path)
  }
  const identity = fileIdentity(path)
  let isReleased = false
  return {
    isHeld: () => !isReleased && fileIdentity(path) === identity,
    release() {
      if (isReleased) return
      isReleased = true
      db.close()
    },
  }
}
