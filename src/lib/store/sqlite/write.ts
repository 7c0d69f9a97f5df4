import type {Connection} from './connection.ts'
import {isBusy, storeFault, storeLocked} from './faults.ts'
import type {LogFile} from './log-file.ts'
import {pause} from './pause.ts'
import {waitingSign} from './waiting.ts'

/** The longest that one transaction may keep other writers waiting, less its commit. */
export const turnMs = 40
/** How often a waiting writer tries again, and how long a busy one stands back: long enough to be noticed. */
const retryMs = 1
const standBackMs = 2

export interface Writer {
  /**
   * Runs `work` in one write transaction; it is committed when this resolves and leaves no trace when it rejects.
   * When the lock is free this happens in the same turn of the event loop. Waiting for a lock stops nothing else.
   */
  write<T>(work: (connection: Connection) => T): Promise<T>
}

/**
 * Writers of all processes take turns: SQLite hands its lock to whoever asks at the right moment, so a writer that
 * asks again at once would starve the others. Who has used up its turn stands back, if somebody waits, for longer than
 * others wait between two tries.
 */
export function createWriter(file: LogFile): Writer {
  const sign = waitingSign(file.path)
  let usedMs = 0
  let lastEnd = 0

  async function standBack(): Promise<void> {
    if (performance.now() - lastEnd < standBackMs && sign.isUp()) {
      await pause(standBackMs)
      sign.takeDown()
    }
    usedMs = 0
  }

  async function begin(): Promise<Connection> {
    if (usedMs >= turnMs) await standBack()
    if (file.isReplaced()) await file.reopen({make: true})
    return tryBegin() ?? waitToBegin()
  }

  /** Undefined when another writer has the lock. */
  function tryBegin(): Connection | undefined {
    try {
      const connection = file.writer()
      connection.sql('BEGIN IMMEDIATE').run()
      return connection
    } catch (thrown) {
      if (isBusy(thrown)) return undefined
      throw thrown
    }
  }

  async function waitToBegin(): Promise<Connection> {
    const deadline = performance.now() + file.busyMs
    try {
      while (performance.now() < deadline) {
        sign.putUp()
        await pause(retryMs)
        const connection = tryBegin()
        if (connection) return connection
      }
      throw storeLocked(file.path)
    } finally {
      sign.takeDown()
    }
  }

  return {
    async write(work) {
      try {
        const connection = await begin()
        const start = performance.now()
        try {
          const result = work(connection)
          connection.sql('COMMIT').run()
          return result
        } catch (thrown) {
          // A full disk makes SQLite roll back by itself.
          if (connection.db.isTransaction) connection.sql('ROLLBACK').run()
          throw thrown
        } finally {
          lastEnd = performance.now()
          usedMs += lastEnd - start
        }
      } catch (thrown) {
        throw storeFault(thrown, file.path)
      }
    },
  }
}
