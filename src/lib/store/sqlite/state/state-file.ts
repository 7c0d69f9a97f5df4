import {ClawError} from '../../../errors.ts'
import type {Connection, Driver} from '../connection.ts'
import {connectWriter} from '../connection.ts'
import {isBusy} from '../faults.ts'
import {fileIdentity, makeFile} from '../file.ts'
import {pause} from '../pause.ts'
import {stateFault} from './faults.ts'
import {stateTables, stateVersion} from './tables.ts'

/** The open state file. What is at its path counts: a file that was removed is made anew. */
export interface StateFile {
  read<T>(work: (connection: Connection) => T): Promise<T>
  /** Runs `work` in one transaction; it is committed when this resolves and leaves no trace when it rejects. */
  write<T>(work: (connection: Connection) => T): Promise<T>
  close(): void
}

const retryMs = 2

/** Other programs' locks are waited for up to `busyMs`, without stopping the event loop. */
export async function openStateFile(driver: Driver, path: string, busyMs: number): Promise<StateFile> {
  let open: {connection: Connection; identity: string | undefined} | undefined
  let isClosed = false

  function connection(): Connection {
    if (isClosed) throw new ClawError('STORE_CLOSED', `the state file ${path} was closed`)
    if (open && fileIdentity(path) === open.identity) return open.connection
    open?.connection.close()
    open = undefined
    makeFile(path)
    const identity = fileIdentity(path)
    open = {connection: connect(driver, path), identity}
    return open.connection
  }

  async function settled<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + busyMs
    for (;;) {
      try {
        return work()
      } catch (thrown) {
        if (!isBusy(thrown) || performance.now() > deadline) throw stateFault(thrown, path)
      }
      await pause(retryMs)
    }
  }

  await settled(connection)

  return {
    read: (work) => settled(() => work(connection())),
    write: (work) =>
      settled(() => {
        const current = connection()
        current.sql('BEGIN IMMEDIATE').run()
        try {
          const result = work(current)
          current.sql('COMMIT').run()
          return result
        } catch (thrown) {
          // A full disk makes SQLite roll back by itself.
          if (current.db.isTransaction) current.sql('ROLLBACK').run()
          throw thrown
        }
      }),
    close() {
      isClosed = true
      open?.connection.close()
      open = undefined
    },
  }
}

function connect(driver: Driver, path: string): Connection {
  const connection = connectWriter(driver, path)
  try {
    const version = Number(connection.db.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version > stateVersion) {
      const message = `the state file ${path} was made by a newer release (its format is ${version})`
      throw new ClawError('STORE_CONFLICT', message, {
        suggestions: [`this release reads formats up to ${stateVersion}: update claw-events`],
      })
    }
    if (version < stateVersion) connection.db.exec(`PRAGMA journal_mode = WAL; ${stateTables}`)
    return connection
  } catch (thrown) {
    connection.close()
    throw thrown
  }
}
