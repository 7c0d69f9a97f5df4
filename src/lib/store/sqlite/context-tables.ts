import {ClawError} from '../../errors.ts'
import type {Connection} from './connection.ts'

/** Counts up when passages are read or laid out in another way: an index of another version is made anew. */
export const contextVersion = 2

/**
 * The index that context selection asks, a reader of the log like the text index; made with its first use, so that
 * logs without contexts have none. It can be dropped at any time.
 *
 * `context_state`: how far it has read, and what had been pruned then. `context_agents`: an agent's number and totals.
 * `context_passages`: one row for an event that says something; `number` counts an agent's passages as they come.
 * `context_terms`: in how many passages a term is, and its last block. `context_postings`: where (postings.ts), in blocks
 * with their first and last number.
 * `context_retired`: ids that were replaced or withdrawn, whether they have come already or not.
 */
const tables = `
CREATE TABLE context_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  pruned_seq INTEGER NOT NULL
);
CREATE TABLE context_agents (
  id INTEGER PRIMARY KEY,
  agent TEXT NOT NULL UNIQUE,
  next_number INTEGER NOT NULL,
  passages INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  words INTEGER NOT NULL
);
CREATE TABLE context_passages (
  agent INTEGER NOT NULL,
  number INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  session TEXT NOT NULL,
  thread TEXT NOT NULL,
  ts INTEGER NOT NULL,
  kind TEXT NOT NULL,
  speaker TEXT NOT NULL,
  is_question INTEGER NOT NULL,
  mentions_time INTEGER NOT NULL,
  part TEXT NOT NULL,
  target TEXT NOT NULL,
  words INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  PRIMARY KEY (agent, number)
) WITHOUT ROWID;
CREATE INDEX context_by_thread ON context_passages (
  agent, thread, ts, words, event_id, seq, kind, speaker, is_question, mentions_time
) WHERE retired = 0;
CREATE INDEX context_by_session ON context_passages (agent, session, ts) WHERE retired = 0;
CREATE INDEX context_by_kind ON context_passages (agent, kind, ts, words, event_id) WHERE retired = 0;
CREATE INDEX context_by_time ON context_passages (agent, ts) WHERE retired = 0;
CREATE INDEX context_by_event ON context_passages (agent, event_id);
CREATE INDEX context_by_part ON context_passages (agent, part) WHERE part <> '';
CREATE INDEX context_by_target ON context_passages (agent, target, ts) WHERE kind = 'tool' AND retired = 0;
CREATE TABLE context_speakers (agent INTEGER, name TEXT, PRIMARY KEY (agent, name)) WITHOUT ROWID;
CREATE TABLE context_retired (agent INTEGER, event_id TEXT, PRIMARY KEY (agent, event_id)) WITHOUT ROWID;
CREATE TABLE context_terms (
  agent INTEGER,
  term TEXT,
  passages INTEGER NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (agent, term)
) WITHOUT ROWID;
CREATE TABLE context_postings (
  agent INTEGER,
  term TEXT,
  block INTEGER,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (agent, term, block)
) WITHOUT ROWID;
`

const names = [
  'context_state',
  'context_agents',
  'context_passages',
  'context_speakers',
  'context_retired',
  'context_terms',
  'context_postings',
]

/** Versions are below it: what is stored is the version and, as a multiple of this, the edition of who read. */
const editionUnit = 1024

export interface ContextState {
  version: number
  /** How events were read (`ReadForIndex`). */
  edition: number
  /** The last event that was read. */
  lastSeq: number
  /** The last event that was pruned when that was last looked at. */
  prunedSeq: number
}

/** Undefined while there is no index. */
export function readContextState({sql}: Connection): ContextState | undefined {
  if (!sql(`SELECT 1 FROM sqlite_schema WHERE name = 'context_state'`).get()) return undefined
  const row = sql('SELECT version, last_seq, pruned_seq FROM context_state').get()
  if (!row) return undefined
  const stored = Number(row['version'])
  return {
    version: stored % editionUnit,
    edition: Math.floor(stored / editionUnit),
    lastSeq: Number(row['last_seq']),
    prunedSeq: Number(row['pruned_seq']),
  }
}

/** Whether there is an index, of this release and made by one who reads as `edition` says. */
export function isContextOf(connection: Connection, edition: number): boolean {
  const state = readContextState(connection)
  return state?.version === contextVersion && state.edition === edition
}

/** Makes the tables, empty, reading from the log's beginning on. */
export function makeContextTables({db, sql}: Connection, edition: number): void {
  db.exec(tables)
  sql('INSERT INTO context_state SELECT 1, ?, 0, pruned_seq FROM log').run(contextVersion + editionUnit * edition)
}

/** Another program made the index anew for its own configuration while this one was at it. */
export function otherEdition(): ClawError {
  return new ClawError('STORE_LOCKED', 'another program keeps the context index with another configuration just now', {
    suggestions: ['give both the same configuration of context and redaction'],
  })
}

/** Takes the index away with all that it says of events: for whoever removes or erases some of them. */
export function dropContextTables({db}: Connection): void {
  db.exec(names.map((name) => `DROP TABLE IF EXISTS ${name};`).join('\n'))
}
