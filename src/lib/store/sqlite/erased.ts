import type {Connection} from './connection.ts'

/**
 * What stays of erased events, made with the first erasure. `erased`: all that the chain is over, but the content, of
 * which only the digest is left; and in which event (`log.erased`) the log says so. The trigger keeps an erased id from
 * being taken in again, by whatever release. `erasing` has a row while content may still lie in the file.
 */
const tables = `
CREATE TABLE erased (
  seq INTEGER PRIMARY KEY,
  event_id NOT NULL UNIQUE,
  stored_at INTEGER NOT NULL,
  digest BLOB NOT NULL,
  chain BLOB NOT NULL,
  record INTEGER NOT NULL
);
CREATE INDEX erased_by_record ON erased (record);
CREATE TABLE erasing (id INTEGER PRIMARY KEY CHECK (id = 1));
CREATE TRIGGER stays_erased BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM erased WHERE event_id = NEW.event_id)
BEGIN SELECT RAISE(IGNORE); END;
`

/** Whether anything was ever erased from the log: only then are the tables there. */
export function hasErased({sql}: Connection): boolean {
  return sql(`SELECT 1 FROM sqlite_schema WHERE name = 'erased'`).get() !== undefined
}

export function makeErasedTables(connection: Connection): void {
  if (!hasErased(connection)) connection.db.exec(tables)
}

/** How many sequence numbers after `after`, up to `last`, are those of erased events. */
export function countErased(connection: Connection, after: number, last: number): number {
  if (!hasErased(connection)) return 0
  const query = 'SELECT count(*) AS erased FROM erased WHERE seq > ? AND seq <= ?'
  return Number(connection.sql(query).get(after, last)?.['erased'])
}

/** Whether an erasure was cut off before its content was out of the file. */
export function isErasing(connection: Connection): boolean {
  return hasErased(connection) && connection.sql('SELECT 1 FROM erasing').get() !== undefined
}

export function markErasing({sql}: Connection, isUnderWay: boolean): void {
  sql(isUnderWay ? 'INSERT OR IGNORE INTO erasing (id) VALUES (1)' : 'DELETE FROM erasing').run()
}
