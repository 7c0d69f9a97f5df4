import {accessSync, constants, rmSync} from 'node:fs'
import {dirname} from 'node:path'
import {ClawError, messageOf} from '../../errors.ts'
import type {Connection} from './connection.ts'
import {connectWriter} from './connection.ts'
import {isBusy, storeFault} from './faults.ts'
import {openLogFile} from './log-file.ts'
import {waitingSuffix} from './waiting.ts'

/**
 * Removes the log's files. Refuses what is no log of ours, and a log that any program has open: that program would
 * go on writing into a file that nobody can find any more.
 */
export async function removeLog(path: string, busyMs: number): Promise<void> {
  const file = await openLogFile(path, {make: false, busyMs})
  file.close()
  assertRemovable(path)
  const driver = await import('node:sqlite')
  let connection: Connection | undefined
  try {
    connection = connectWriter(driver, path)
    // Leaving WAL mode needs the file for oneself alone, and the lock is then kept until the files are gone.
    connection.db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    for (const suffix of ['', '-wal', '-shm', '-journal', waitingSuffix]) rmSync(path + suffix, {force: true})
  } catch (thrown) {
    throw isBusy(thrown) ? inUse(path, thrown) : storeFault(thrown, path)
  } finally {
    connection?.close()
  }
}

function assertRemovable(path: string): void {
  try {
    accessSync(path, constants.W_OK)
    accessSync(dirname(path), constants.W_OK)
  } catch (thrown) {
    throw new ClawError('STORE_READ_ONLY', `the event log ${path} cannot be removed: ${messageOf(thrown)}`, {
      suggestions: ['make the file and its directory writable for this user'],
      cause: thrown,
    })
  }
}

function inUse(path: string, cause: unknown): ClawError {
  return new ClawError('STORE_LOCKED', `the event log ${path} is open in another program, so it was not removed`, {
    suggestions: ['end the gateway and every `claw-events tail` or `serve` on this log, then try again'],
    cause,
  })
}
