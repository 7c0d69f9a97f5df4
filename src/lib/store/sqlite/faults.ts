import {accessSync, constants, existsSync} from 'node:fs'
import type {ErrorCode} from '../../errors.ts'
import {ClawError, messageOf} from '../../errors.ts'

// Primary result codes of SQLite (sqlite.org/rescode.html).
const busy = 5
const readOnly = 8
const ioError = 10
const corrupt = 11
const full = 13
const cannotOpen = 14
const notADatabase = 26

/** SQLite's primary result code of what was thrown; undefined when it was not SQLite that threw. */
function resultCode(thrown: unknown): number | undefined {
  const code = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}

export function isBusy(thrown: unknown): boolean {
  return resultCode(thrown) === busy
}

/** Whether the file can only be read here: no right to write it, or to make the files beside it. */
export function isUnwritable(thrown: unknown): boolean {
  const code = resultCode(thrown)
  return code === readOnly || code === cannotOpen
}

/** Runs `work`; what fails in it is told as a failure of the file at `path`. */
export async function guardFaults<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw storeFault(thrown, path)
  }
}

/** What users are told of a failure of the file at `path`. */
export function storeFault(thrown: unknown, path: string): ClawError {
  if (thrown instanceof ClawError) return thrown
  const [code, what, suggestions] = describeFault(thrown, path)
  return new ClawError(code, `${what} (${messageOf(thrown)})`, {suggestions, cause: thrown})
}

function describeFault(thrown: unknown, path: string): [ErrorCode, string, string[]] {
  switch (resultCode(thrown)) {
    case busy:
      return locked(path)
    case readOnly:
      return unwritable(path)
    case full:
      return ['STORE_FULL', `no space is left for the event log ${path}`, fullSuggestions]
    case corrupt:
      return [
        'STORE_CORRUPT',
        `the event log ${path} is damaged`,
        ['`claw-events stream verify` tells where', '`claw-events export` saves what can still be read'],
      ]
    case notADatabase:
      return [
        'STORE_CORRUPT',
        `${path} is not an event log: it is no SQLite database`,
        ['check the path given with --store', 'move the file away if it should be an event log'],
      ]
    case cannotOpen:
      // SQLite cannot make the files that it needs beside one on a read-only disk.
      if (existsSync(path) && !mayWrite(path)) return unwritable(path)
      return [
        'STORE_FAILED',
        `the event log ${path} cannot be opened`,
        [`check the rights of ${path} and its directory`],
      ]
    case ioError:
      return ['STORE_FAILED', `the disk failed under the event log ${path}`, ['check the disk and its free space']]
    default:
      return ['STORE_FAILED', `the event log ${path} failed`, []]
  }
}

/** What a writer is told that waited in vain. */
export function storeLocked(path: string): ClawError {
  const [code, message, suggestions] = locked(path)
  return new ClawError(code, message, {suggestions})
}

function locked(path: string): [ErrorCode, string, string[]] {
  return [
    'STORE_LOCKED',
    `another program keeps the event log ${path} locked`,
    ['end the program that has the file open in a transaction, or try again'],
  ]
}

const fullSuggestions = [
  'free some space on that disk, then try again: nothing was half-written',
  '`claw-events stream prune` removes the oldest events',
]

function unwritable(path: string): [ErrorCode, string, string[]] {
  return [
    'STORE_READ_ONLY',
    `the event log ${path} cannot be written`,
    ['make the file and its directory writable for this user, or name another store with --store'],
  ]
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
