import {existsSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {ClawError} from '../../errors.ts'
import type {Connection, Driver} from './connection.ts'
import {connectReader, connectWriter} from './connection.ts'
import {storeFault} from './faults.ts'
import {fileIdentity, makeFile} from './file.ts'
import {hasTables, makeTables} from './tables.ts'

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
export async function openLogFile(path: string, options: LogFileOptions): Promise<LogFile> {
  const {readOnly = false, make = true, busyMs} = options
  const driver = await import('node:sqlite')
  let current: OpenFile | undefined = await openFile(driver, path, {readOnly, busyMs, make: make && !readOnly})
  let generation = 1
  let isClosed = false
  let reopening = Promise.resolve()

  const isReplaced = () => !isClosed && fileIdentity(path) !== current?.identity

  function disconnect(): void {
    current?.writer?.close()
    current?.reader.close()
    current = undefined
  }

  function opened(): OpenFile {
    if (!current) throw missing(path)
    return current
  }

  async function reopen(mayMake: boolean): Promise<void> {
    if (!isReplaced()) return
    disconnect()
    current = await openFile(driver, path, {readOnly, busyMs, make: mayMake && !readOnly})
    generation++
  }

  return {
    path,
    busyMs,
    reader: () => opened().reader,
    writer() {
      if (readOnly) throw openedReadOnly(path)
      const file = opened()
      file.writer ??= connectWriter(driver, path)
      return file.writer
    },
    generation: () => generation,
    isReplaced,
    reopen({make: mayMake}) {
      // One after the other: a follower and a writer may notice it at the same time.
      const reopened = reopening.then(() => reopen(mayMake))
      reopening = reopened.catch(() => undefined)
      return reopened
    },
    close() {
      isClosed = true
      disconnect()
    },
  }
}

interface OpenFile {
  identity: string | undefined
  reader: Connection
  writer?: Connection
}

async function openFile(driver: Driver, path: string, options: Required<LogFileOptions>): Promise<OpenFile> {
  const {readOnly, make, busyMs} = options
  let reader: Connection | undefined
  try {
    if (!existsSync(path)) {
      if (!make) throw missing(path)
      makeFile(path)
    }
    if (statSync(path).isDirectory()) throw isDirectory(path)
    const identity = fileIdentity(path)
    reader = connectReader(driver, path, readOnly)
    if (!hasTables(reader, path)) {
      if (!make) throw missing(path)
      await makeTables(driver, path, busyMs)
    }
    return {identity, reader}
  } catch (thrown) {
    reader?.close()
    throw storeFault(thrown, path)
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
