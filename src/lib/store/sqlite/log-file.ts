import {existsSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {ClawError} from '../../errors.ts'
import type {Connection, Driver} from './connection.ts'
import {connectReader, connectWriter} from './connection.ts'
import {isBusy, storeFault} from './faults.ts'
import {fileIdentity, makeFile} from './file.ts'
import {pause} from './pause.ts'
import {applicationId, layout, schemaVersion, tables} from './schema.ts'

export interface LogFileOptions {
  readOnly?: boolean
  /** Make the file when it is not there (the default); otherwise that is STORE_MISSING. */
  make?: boolean
  /** How long to wait for another program's lock. */
  busyMs: number
}

/** The open file: one connection that reads and, from the first write on, one that writes. */
export interface LogFile {
  readonly path: string
  readonly busyMs: number
  reader(): Connection
  writer(): Connection
  /** Grows with every file that was opened: what was known of the one before does not hold for the next. */
  generation(): number
  /** Whether the file that is open is no longer the one at its path: it was removed, or replaced by another. */
  isReplaced(): boolean
  /** Opens what is at the path now; when nothing is, makes it or fails with STORE_MISSING. */
  reopen(options: {make: boolean}): Promise<void>
  close(): void
}

/** Opens the log at `path`, making it when it is not there. Every fault is a `ClawError`. */
export async function openLogFile(
  path: string,
  {readOnly = false, make = true, busyMs}: LogFileOptions,
): Promise<LogFile> {
  const driver = await import('node:sqlite')
  let identity: string | undefined
  let reader: Connection | undefined
  let writer: Connection | undefined
  let generation = 0
  let isClosed = false
  let reopening = Promise.resolve()

  async function open(mayMake: boolean): Promise<void> {
    if (!existsSync(path)) {
      if (!mayMake) throw missing(path)
      makeFile(path)
    }
    if (statSync(path).isDirectory()) throw isDirectory(path)
    const found = fileIdentity(path)
    const opened = connectReader(driver, path, readOnly)
    try {
      if (!isReady(opened, path)) {
        if (!mayMake) throw missing(path)
        await makeTables(driver, path, busyMs)
      }
      reader = opened
      identity = found
      generation++
    } catch (thrown) {
      opened.close()
      throw thrown
    }
  }

  function disconnect(): void {
    writer?.close()
    reader?.close()
    writer = undefined
    reader = undefined
    identity = undefined
  }

  async function openOrExplain(mayMake: boolean): Promise<void> {
    try {
      await open(mayMake && !readOnly)
    } catch (thrown) {
      disconnect()
      throw storeFault(thrown, path)
    }
  }

  const isReplaced = () => !isClosed && fileIdentity(path) !== identity

  await openOrExplain(make)

  return {
    path,
    busyMs,
    reader: () => opened(reader, path),
    writer() {
      if (readOnly) throw openedReadOnly(path)
      opened(reader, path)
      writer ??= connectWriter(driver, path)
      return writer
    },
    generation: () => generation,
    isReplaced,
    reopen(options) {
      // One after the other: a follower and a writer may notice it at the same time.
      const reopened = reopening.then(async () => {
        if (!isReplaced()) return
        disconnect()
        await openOrExplain(options.make)
      })
      reopening = reopened.catch(() => undefined)
      return reopened
    },
    close() {
      isClosed = true
      disconnect()
    },
  }
}

function opened(connection: Connection | undefined, path: string): Connection {
  if (!connection) throw missing(path)
  return connection
}

/** Whether the tables are there. Throws for a database of another program or of a newer release. */
function isReady({db}: Connection, path: string): boolean {
  const owner = db.prepare('PRAGMA application_id').get()?.['application_id']
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
  if (owner === applicationId) {
    if (version <= schemaVersion) return true
    throw new ClawError(
      'STORE_CONFLICT',
      `the event log ${path} was made by a newer release (its format is ${version})`,
      {
        suggestions: [`this release reads formats up to ${schemaVersion}: update claw-events`],
      },
    )
  }
  const objects = db.prepare('SELECT count(*) AS objects FROM sqlite_schema').get()?.['objects']
  if (owner === 0 && version === 0 && objects === 0) return false
  throw new ClawError('STORE_CONFLICT', `${path} is a database of another program, not an event log`, {
    suggestions: ['name another file with --store sqlite:PATH; this one was left as it is'],
  })
}

/** Several processes may come here at once: the first one makes the tables, the others find them. */
async function makeTables(driver: Driver, path: string, busyMs: number): Promise<void> {
  const deadline = performance.now() + busyMs
  for (;;) {
    const connection = connectWriter(driver, path)
    try {
      connection.db.exec(`${layout}; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE`)
      if (!isReady(connection, path)) connection.db.exec(tables)
      connection.db.exec('COMMIT')
      return
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() > deadline) throw thrown
    } finally {
      connection.close()
    }
    await pause(2)
  }
}

function missing(path: string): ClawError {
  return new ClawError('STORE_MISSING', `there is no event log at ${path}`, {
    suggestions: ['check the path given with --store', '`claw-events stream init` makes a new log'],
  })
}

function isDirectory(path: string): ClawError {
  return new ClawError('STORE_FAILED', `${path} is a directory, not an event log`, {
    suggestions: [`name a file in it: --store sqlite:${join(path, 'events.db')}`],
  })
}

function openedReadOnly(path: string): ClawError {
  return new ClawError('STORE_READ_ONLY', `the event log ${path} was opened for reading only`)
}
