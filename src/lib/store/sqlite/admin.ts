import {existsSync} from 'node:fs'
import type {StoreAdmin, StoreSettings} from '../port.ts'
import {anchorOf} from './anchor.ts'
import {describeLog} from './describe.ts'
import {eraseFromLog} from './erase.ts'
import {guardFaults} from './faults.ts'
import {lockTask} from './lock.ts'
import type {LogFile} from './log-file.ts'
import {openLogFile} from './log-file.ts'
import {pruneLog} from './prune.ts'
import {removeLog} from './remove.ts'
import {applyRetention} from './retention.ts'
import {applySettings, planSettings} from './settings.ts'
import {verifyLog} from './verify.ts'

export interface SqliteAdminOptions {
  /** Epoch milliseconds, for locks, retention, and the record of an erasure. */
  now?: () => number
  /** How long to wait for another program's lock on the file. */
  busyMs?: number
}

/** Creating, changing, pruning, erasing, verifying and locking the embedded log at `path`. Opens nothing before it is asked. */
export async function openSqliteAdmin(path: string, options: SqliteAdminOptions = {}): Promise<StoreAdmin> {
  const {now = Date.now, busyMs = 10_000} = options

  async function withLog<T>(work: (file: LogFile) => T | Promise<T>, {make = false} = {}): Promise<T> {
    const file = await openLogFile(path, {make, busyMs})
    try {
      return await guardFaults(path, () => work(file))
    } finally {
      file.close()
    }
  }

  const plan = (settings: StoreSettings) => planSettings(path, settings, withLog)

  return {
    plan,
    async apply(settings) {
      const planned = await plan(settings)
      await withLog((file) => applySettings(file, settings), {make: true})
      return planned
    },
    async list() {
      return existsSync(path) ? [await withLog(describeLog)] : []
    },
    remove: () => removeLog(path, busyMs),
    prune: (request) => withLog((file) => pruneLog(file, request)),
    applyRetention: (request = {}) => withLog((file) => applyRetention(file, request, now)),
    erase: (request) => withLog((file) => eraseFromLog(file, request, now)),
    anchor: () => withLog((file) => anchorOf(file, now)),
    async verify(options = {}) {
      try {
        return await withLog((file) => verifyLog(file, options))
      } catch (thrown) {
        options.signal?.throwIfAborted()
        throw thrown
      }
    },
    async lock(task) {
      const file = await openLogFile(path, {busyMs})
      return guardFaults(path, () => lockTask(file, task, now))
    },
    async close() {
      // Every method has closed what it opened; a lease is closed by its release.
    },
  }
}
