import {existsSync} from 'node:fs'
import type {Driver} from '../connection.ts'
import {isBusy} from '../faults.ts'
import {fileIdentity, makeFile} from '../file.ts'
import {stateFault} from './faults.ts'

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
  const identity = fileIdentity(path)
  const db = new DatabaseSync(path, {timeout: 0})
  try {
    // Nothing is ever written to it, also where the disk is full.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (thrown) {
    db.close()
    if (isBusy(thrown)) return undefined
    throw stateFault(thrown, path)
  }
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

/** Whether anybody holds the file, in any process. */
export function isFileHeld({DatabaseSync}: Driver, path: string): boolean {
  if (!existsSync(path)) return false
  const db = new DatabaseSync(path, {timeout: 0, readOnly: true})
  try {
    db.exec('SELECT count(*) FROM sqlite_schema')
    return false
  } catch (thrown) {
    if (isBusy(thrown)) return true
    throw stateFault(thrown, path)
  } finally {
    db.close()
  }
}
