import {chmodSync, closeSync, existsSync, fchmodSync, mkdirSync, openSync, realpathSync, statSync} from 'node:fs'
import {dirname} from 'node:path'
import {ClawError, messageOf} from '../../errors.ts'

/** Makes the file, readable for its owner only, and its directory, whatever the umask is. Does nothing when it is there. */
export function makeFile(path: string): void {
  try {
    const folder = dirname(path)
    makeFolder(folder)
    const file = openSync(path, 'wx', 0o600)
    // SQLite gives -wal and -shm the rights of this file.
    fchmodSync(file, 0o600)
    closeSync(file)
  } catch (thrown) {
    if (!isSystemError(thrown, 'EEXIST') || !existsSync(path)) throw cannotMake(thrown, path)
  }
}

/**
 * Makes a directory and those above it. Node's own `recursive` never returns where a directory that is there takes no
 * new one, as in /proc.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, {mode: 0o700})
  } catch (thrown) {
    if (isSystemError(thrown, 'EEXIST')) return
    throw thrown
  }
  // Only what is made here gets its rights from us, whatever the umask; one that was there may be shared on purpose.
  chmodSync(folder, 0o700)
}

/** The file itself where `path` is a link to it: SQLite keeps its other files beside that one. */
export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path
}

/** Tells one file from another that took its name; the number is not given to a new file while the old one is open. */
export function fileIdentity(path: string): string | undefined {
  const stat = statSync(path, {throwIfNoEntry: false})
  return stat && `${stat.dev}:${stat.ino}`
}

function isSystemError(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}

function cannotMake(thrown: unknown, path: string): ClawError {
  const code = isSystemError(thrown, 'ENOSPC')
    ? 'STORE_FULL'
    : isSystemError(thrown, 'EACCES') || isSystemError(thrown, 'EROFS') || isSystemError(thrown, 'EPERM')
      ? 'STORE_READ_ONLY'
      : 'STORE_FAILED'
  return new ClawError(code, `the event log ${path} cannot be made: ${messageOf(thrown)}`, {
    suggestions: ['check the path and the rights of its directory, or name another store with --store'],
    cause: thrown,
  })
}
