import {ClawError} from '../../errors.ts'
import type {Connection, Driver} from './connection.ts'
import {connectWriter} from './connection.ts'
import {isBusy} from './faults.ts'
import {pause} from './pause.ts'
import {applicationId, layout, schemaVersion, tables} from './schema.ts'

/** Whether the tables are there. Throws for a database of another program or of a newer release. */
export function hasTables({db}: Connection, path: string): boolean {
  // One statement sees one moment: another process may be making the tables just now.
  const row = db.prepare(`
    SELECT count(*) AS objects,
      (SELECT application_id FROM pragma_application_id) AS owner,
      (SELECT user_version FROM pragma_user_version) AS version
    FROM sqlite_schema`)
  const {objects, owner, version} = row.get() ?? {}
  if (owner === applicationId) {
    if (Number(version) <= schemaVersion) return true
    throw new ClawError(
      'STORE_CONFLICT',
      `the event log ${path} was made by a newer release (its format is ${version})`,
      {
        suggestions: [`this release reads formats up to ${schemaVersion}: update claw-events`],
      },
    )
  }
  if (owner === 0 && version === 0 && objects === 0) return false
  throw new ClawError('STORE_CONFLICT', `${path} is a database of another program, not an event log`, {
    suggestions: ['name another file with --store sqlite:PATH; this one was left as it is'],
  })
}

/** Several processes may come here at once: the first one makes the tables, the others find them. */
export async function makeTables(driver: Driver, path: string, busyMs: number): Promise<void> {
  const deadline = performance.now() + busyMs
  for (;;) {
    let connection: Connection | undefined
    try {
      connection = connectWriter(driver, path)
      connection.db.exec(`${layout}; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE`)
      if (!hasTables(connection, path)) connection.db.exec(tables)
      connection.db.exec('COMMIT')
      return
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() > deadline) throw thrown
    } finally {
      connection?.close()
    }
    await pause(2)
  }
}
