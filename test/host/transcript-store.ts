import {mkdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {zstdCompressSync} from 'node:zlib'

/** The tables of OpenClaw 2026.9.6 that hold transcripts, with the columns that say something. */
const tables = `
  CREATE TABLE session_windows (
    session_id TEXT NOT NULL PRIMARY KEY, session_key TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE transcript_events (
    session_id TEXT NOT NULL, seq INTEGER NOT NULL, event_json TEXT, created_at INTEGER NOT NULL, event_zstd BLOB,
    event_utf8_bytes INTEGER, navigation_json TEXT, PRIMARY KEY (session_id, seq)
  ) STRICT;
  CREATE TABLE session_transcript_cold_archives (
    session_id TEXT NOT NULL PRIMARY KEY, archive_name TEXT NOT NULL UNIQUE, storage TEXT NOT NULL, archive_blob BLOB
  ) STRICT;
  CREATE TABLE session_transcript_archives (
    session_id TEXT NOT NULL, generation TEXT NOT NULL, session_key TEXT NOT NULL, encoding TEXT NOT NULL,
    archive_blob BLOB NOT NULL, archive_name TEXT NOT NULL UNIQUE, PRIMARY KEY (session_id, generation)
  ) STRICT;`

/** The agent's database of a host, as the host makes it. */
export function makeTranscripts(stateDir: string, agentId: string, schema: string = tables): DatabaseSync {
  const folder = path.join(stateDir, 'agents', agentId, 'agent')
  mkdirSync(folder, {recursive: true})
  const db = new DatabaseSync(path.join(folder, 'openclaw-agent.sqlite'))
  db.exec(`PRAGMA journal_mode = WAL; ${schema}`)
  return db
}

export function addSession(db: DatabaseSync, sessionId: string, sessionKey: string, createdAt: number): void {
  db.prepare('INSERT INTO session_windows VALUES (?, ?, ?)').run(sessionId, sessionKey, createdAt)
}

/** An entry, compressed as the host does with long ones. */
export function addEntry(
  db: DatabaseSync,
  {
    sessionId,
    seq,
    at,
    text,
    isPacked = false,
  }: {sessionId: string; seq: number; at: number; text: string; isPacked?: boolean},
): void {
  const bytes = Buffer.from(text)
  db.prepare(
    'INSERT INTO transcript_events (session_id, seq, event_json, created_at, event_zstd, event_utf8_bytes) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(sessionId, seq, isPacked ? null : text, at, isPacked ? zstdCompressSync(bytes) : null, bytes.length)
}

/** The lines of a recorded transcript. */
export function recordedLines(name: string): string[] {
  const file = path.join(import.meta.dirname, '..', 'fixtures', 'openclaw', 'transcripts', `transcript-${name}.jsonl`)
  return readFileSync(file, 'utf8').split('\n').filter(Boolean)
}
