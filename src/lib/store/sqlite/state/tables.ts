export const stateVersion = 1

/** Several processes open the file at once, so every statement must do no harm when it runs a second time. */
export const stateTables = `
CREATE TABLE IF NOT EXISTS cursors (
  reader TEXT PRIMARY KEY,
  log TEXT NOT NULL,
  position TEXT NOT NULL,
  saved_at INTEGER NOT NULL,
  details TEXT
);
CREATE TABLE IF NOT EXISTS deliveries (
  reader TEXT NOT NULL,
  event_id TEXT NOT NULL,
  position TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (reader, event_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (reader, state, next_at, position);
CREATE TABLE IF NOT EXISTS owner (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  role TEXT NOT NULL,
  since INTEGER NOT NULL
);
PRAGMA user_version = ${stateVersion};
`
