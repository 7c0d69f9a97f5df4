import {existsSync, statSync} from 'node:fs'
import type {DatabaseSync, SQLOutputValue} from 'node:sqlite'
import {pathToFileURL} from 'node:url'
import {zstdDecompressSync} from 'node:zlib'
import {messageOf} from '../errors.ts'

export interface TranscriptSession {
  sessionId: string
  sessionKey?: string
}

export interface StoredEntry {
  seq: number
  at: number
  /** The entry's JSON; absent with a fault. */
  text?: string
  fault?: string
}

/** A transcript that is kept outside of the ordinary rows: its name among the files, and where the bytes are. */
export interface StoredArchive extends TranscriptSession {
  name: string
  /** The bytes as they lie in the database; undefined where they are only in the file. */
  blob(): Uint8Array | undefined
}

/** The part of an agent's SQLite file that holds transcripts. Every call leaves no statement open. */
export interface TranscriptDatabase {
  /** Oldest first. */
  sessions(): Iterable<TranscriptSession>
  /** The entries of a session that were stored at `since` or later, in order. */
  entries(sessionId: string, since: number): Iterable<StoredEntry>
  /** Where the entries of a session went that has been quiet for long. */
  cold(session: TranscriptSession): StoredArchive | undefined
  /** What is left of sessions that were reset or deleted. */
  archives(): Iterable<StoredArchive>
  close(): void
}

/** As many rows and bytes as are read at once: a reader that takes its time must not hold the host's log of changes. */
const pageRows = 200
const pageBytes = 4 * 1024 * 1024
/** What the host itself takes for the longest compressed entry. */
const entryBytes = 4 * 1024 * 1024

type Row = Record<string, SQLOutputValue>

/** Opens it for reading; undefined when there is none. Throws what SQLite says when it is no such file. */
export async function openTranscriptDatabase(file: string): Promise<TranscriptDatabase | undefined> {
  if (!existsSync(file)) return undefined
  const {DatabaseSync} = await import('node:sqlite')
  const db = openReadOnly(DatabaseSync, file)
  const columns = (table: string) =>
    new Set(
      db
        .prepare(`SELECT name FROM pragma_table_info(?)`)
        .all(table)
        .map((row) => row['name']),
    )

  function* paged(read: (after: Row | undefined) => Row[]): Generator<Row> {
    for (let page = read(undefined); page.length > 0; page = read(page.at(-1))) yield* page
  }

  const events = columns('transcript_events')
  const windows = columns('session_windows')
  const isCompressible = events.has('event_zstd')

  return {
    *sessions() {
      if (events.size === 0) return
      const read =
        windows.size > 0
          ? db.prepare(
              `SELECT session_id, session_key, created_at FROM session_windows
               WHERE (created_at, session_id) > (?, ?) ORDER BY created_at, session_id LIMIT ${pageRows}`,
            )
          : db.prepare(
              `SELECT DISTINCT session_id, 0 AS created_at FROM transcript_events
               WHERE (0, session_id) > (?, ?) ORDER BY session_id LIMIT ${pageRows}`,
            )
      const rows = paged((after) =>
        read.all(after?.['created_at'] ?? Number.MIN_SAFE_INTEGER, after?.['session_id'] ?? ''),
      )
      for (const row of rows) yield sessionOf(row)
    },
    *entries(sessionId, since) {
      if (events.size === 0) return
      const compressed = isCompressible
        ? 'event_zstd, event_utf8_bytes'
        : 'NULL AS event_zstd, NULL AS event_utf8_bytes'
      const read = db.prepare(
        `SELECT seq, created_at, event_json, ${compressed} FROM transcript_events
         WHERE session_id = ? AND seq > ? AND created_at >= ? ORDER BY seq LIMIT ${pageRows}`,
      )
      const page = (after: Row | undefined) => {
        const rows: Row[] = []
        let bytes = 0
        for (const row of read.iterate(sessionId, after?.['seq'] ?? Number.MIN_SAFE_INTEGER, since)) {
          rows.push(row)
          bytes += sizeOf(row)
          if (bytes > pageBytes) break
        }
        return rows
      }
      for (const row of paged(page)) yield entryOf(row)
    },
    cold(session) {
      if (columns('session_transcript_cold_archives').size === 0) return undefined
      const row = db
        .prepare('SELECT archive_name, storage FROM session_transcript_cold_archives WHERE session_id = ?')
        .get(session.sessionId)
      if (row === undefined) return undefined
      const blob = () =>
        row['storage'] === 'sqlite'
          ? bytesOf(
              db
                .prepare('SELECT archive_blob FROM session_transcript_cold_archives WHERE session_id = ?')
                .get(session.sessionId),
            )
          : undefined
      return {...session, name: String(row['archive_name']), blob}
    },
    *archives() {
      if (columns('session_transcript_archives').size === 0) return
      const read = db.prepare(
        `SELECT session_id, session_key, generation, archive_name FROM session_transcript_archives
         WHERE (session_id, generation) > (?, ?) ORDER BY session_id, generation LIMIT ${pageRows}`,
      )
      const rows = paged((after) => read.all(after?.['session_id'] ?? '', after?.['generation'] ?? ''))
      for (const row of rows) {
        const blob = () =>
          bytesOf(
            db
              .prepare('SELECT archive_blob FROM session_transcript_archives WHERE session_id = ? AND generation = ?')
              .get(row['session_id'] ?? '', row['generation'] ?? ''),
          )
        yield {...sessionOf(row), name: String(row['archive_name']), blob}
      }
    },
    close: () => db.close(),
  }
}

/**
 * A connection that cannot write. Where the folder cannot be written, SQLite cannot make the files beside a database in
 * WAL mode either; such a file is read as it lies there, as long as nothing waits in a -wal file.
 */
function openReadOnly(Database: typeof DatabaseSync, file: string): DatabaseSync {
  try {
    return looked(new Database(file, {readOnly: true, timeout: 5000}))
  } catch (thrown) {
    if ((statSync(`${file}-wal`, {throwIfNoEntry: false})?.size ?? 0) > 0) throw thrown
    const url = pathToFileURL(file)
    url.searchParams.set('immutable', '1')
    return looked(new Database(url, {readOnly: true}))
  }
}

/** SQLite opens the file at the first statement. */
function looked(db: DatabaseSync): DatabaseSync {
  try {
    db.exec('PRAGMA query_only = ON; SELECT count(*) FROM sqlite_schema')
    return db
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

function sessionOf({session_id: id, session_key: key}: Row): TranscriptSession {
  return {sessionId: String(id), ...(typeof key === 'string' ? {sessionKey: key} : {})}
}

function entryOf(row: Row): StoredEntry {
  const place = {seq: Number(row['seq']), at: Number(row['created_at'])}
  const {event_json: json, event_zstd: packed, event_utf8_bytes: size} = row
  if (typeof json === 'string') return {...place, text: json}
  if (!(packed instanceof Uint8Array)) return {...place, fault: 'it has no content'}
  try {
    const bytes = zstdDecompressSync(packed, {maxOutputLength: entryBytes})
    if (typeof size === 'number' && bytes.length !== size)
      return {...place, fault: `it has ${bytes.length} bytes, not ${size}`}
    return {...place, text: bytes.toString('utf8')}
  } catch (thrown) {
    return {...place, fault: `it cannot be decompressed (${messageOf(thrown)})`}
  }
}

function sizeOf({event_json: json, event_zstd: packed}: Row): number {
  if (typeof json === 'string') return json.length
  return packed instanceof Uint8Array ? packed.length : 0
}

function bytesOf(row: Row | undefined): Uint8Array | undefined {
  const blob = row?.['archive_blob']
  return blob instanceof Uint8Array ? blob : undefined
}
