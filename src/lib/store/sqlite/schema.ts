/** 'clew' in ASCII: tells our files from any other SQLite database. */
export const applicationId = 0x63_6c_65_77
export const schemaVersion = 1

/**
 * Set before the first page is written; the file keeps them for good. Larger pages append 10 % faster in batches and
 * read a little faster, but double what a single commit writes to the -wal file, and waste more of the disk.
 */
export const layout = 'PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL'

/**
 * `events`: `seq` is the position and is never given twice. `body` is the event as plain JSON; all columns before it
 * but `seq`, `stored_at`, `digest` and `chain` are read out of it and only serve searching. `ts` and `stored_at` are
 * epoch milliseconds, `ts` NULL for a timestamp that cannot be read. `digest` is the SHA-256 of `body`; `chain`
 * covers the chain of the row before, too (chain.ts).
 *
 * `log` is one row: the head, which outlives all events, and `pruned_*`, where the chain of what is left begins.
 * `words` is the full-text index, a reader of the log with its own place in `words_state`.
 */
export const tables = `
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  event_id NOT NULL UNIQUE,
  type TEXT NOT NULL,
  agent TEXT NOT NULL,
  session_key TEXT,
  session_id TEXT,
  run_id TEXT,
  tool TEXT,
  ts INTEGER,
  stored_at INTEGER NOT NULL,
  digest BLOB NOT NULL,
  chain BLOB NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX by_agent_type ON events (agent, type, seq, ts);
CREATE INDEX by_ts ON events (ts);
CREATE INDEX by_session_key ON events (session_key) WHERE session_key IS NOT NULL;
CREATE INDEX by_session_id ON events (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX by_run ON events (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX by_tool ON events (tool) WHERE tool IS NOT NULL;
CREATE TABLE log (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_seq INTEGER NOT NULL,
  last_stored_at INTEGER NOT NULL,
  chain BLOB NOT NULL,
  events INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  pruned_seq INTEGER NOT NULL,
  pruned_chain BLOB NOT NULL,
  max_age_ms INTEGER NOT NULL,
  max_bytes INTEGER NOT NULL
);
INSERT INTO log VALUES (1, 0, 0, zeroblob(32), 0, 0, 0, zeroblob(32), 0, 0);
CREATE VIRTUAL TABLE words USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii');
CREATE TABLE words_state (id INTEGER PRIMARY KEY CHECK (id = 1), last_seq INTEGER NOT NULL);
INSERT INTO words_state VALUES (1, 0);
CREATE TABLE locks (
  task TEXT PRIMARY KEY,
  token TEXT NOT NULL,
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  since INTEGER NOT NULL,
  expires INTEGER NOT NULL
);
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${schemaVersion};
`
