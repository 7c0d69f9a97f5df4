import {statSync} from 'node:fs'
import type {DatabaseSync, SQLOutputValue, StatementSync} from 'node:sqlite'
import {pathToFileURL} from 'node:url'
import {isUnwritable} from './faults.ts'

export type Driver = typeof import('node:sqlite')

/** Queries differ by their number of places and values; a server that runs for months must not keep them all. */
const mostStatements = 200

/** One connection to the file, with every statement prepared once. */
export interface Connection {
  readonly db: DatabaseSync
  sql(text: string): StatementSync
  /** The same for rows by the thousand: each is a list of its values, which costs less than an object. */
  lists(text: string): {iterate(...bound: number[]): Iterable<SQLOutputValue[]>}
  close(): void
}

function connectionOf(db: DatabaseSync): Connection {
  const statements = new Map<string, StatementSync>()
  const ofLists = new Map<string, StatementSync>()

  function prepared(kept: Map<string, StatementSync>, text: string): StatementSync {
    const known = kept.get(text)
    if (known) return known
    const made = db.prepare(text)
    made.setReturnArrays(kept === ofLists)
    if (kept.size >= mostStatements) kept.clear()
    kept.set(text, made)
    return made
  }

  return {
    db,
    sql: (text) => prepared(statements, text),
    // The driver's types know rows as objects only.
    lists: (text) => prepared(ofLists, text) as unknown as ReturnType<Connection['lists']>,
    close() {
      statements.clear()
      ofLists.clear()
      if (db.isOpen) db.close()
    },
  }
}

/**
 * A connection that writes. It never waits for a lock inside SQLite, because that would stop the event loop: write.ts
 * waits instead. A checkpoint every 16 MiB keeps both its pause (about 10 ms) and its share of the time small.
 */
export function connectWriter({DatabaseSync}: Driver, path: string): Connection {
  return settled(
    new DatabaseSync(path, {timeout: 0}),
    `
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 4096;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -16000;
    PRAGMA secure_delete = FAST;
    `,
  )
}

/**
 * A connection that only reads. Where the file or its directory cannot be written, SQLite cannot make the files beside
 * a WAL database either; such a log is read as it lies on the disk, as long as nothing waits in a -wal file.
 */
export function connectReader({DatabaseSync}: Driver, path: string, readOnly: boolean): Connection {
  const attempts = [
    ...(readOnly ? [] : [() => new DatabaseSync(path, {timeout: 5000})]),
    () => new DatabaseSync(path, {timeout: 5000, readOnly: true}),
    ...(hasPendingWal(path) ? [] : [() => new DatabaseSync(immutableUrl(path), {readOnly: true})]),
  ]
  let failure: unknown
  for (const attempt of attempts) {
    try {
      return settled(
        attempt(),
        'PRAGMA query_only = ON; PRAGMA cache_size = -16000; SELECT count(*) FROM sqlite_schema',
      )
    } catch (thrown) {
      if (!isUnwritable(thrown)) throw thrown
      failure ??= thrown
    }
  }
  throw failure
}

/** SQLite opens the files of a database at the first statement that reads it, so that may fail, too. */
function settled(db: DatabaseSync, pragmas: string): Connection {
  try {
    db.exec(pragmas)
    return connectionOf(db)
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

function hasPendingWal(path: string): boolean {
  return (statSync(`${path}-wal`, {throwIfNoEntry: false})?.size ?? 0) > 0
}

function immutableUrl(path: string): URL {
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return url
}
