import {ClawError} from '../../errors.ts'
import type {Connection, Driver} from './connection.ts'
import {connectWriter} from './connection.ts'
import {isBusy} from './faults.ts'
import {pause} from './pause.ts'
import {applicationId, layout, schemaVersion, tables} from './schema.ts'

/** Whether the tables are there. Throws for a database of another program or of a newer release. */
export function hasTables({db}: Connection, path: string): boolean {
  const owner = db.prepare('PRAGMA application_id').get()?.['application_id']
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
  if (owner === applicationId) {
    if (version <= schemaVersion) return true
    throw new ClawError(
      'STORE_CONFLICT',
      `the event log ${path} was made by a newer release (its format is ${version})`,
      {
        suggestions: [`this release reads formats up to ${schemaVersion}: update claw-events`],
      },
    )
  }
  const objects = db.prepare('SELECT count(*) AS objects FROM sqlite_schema').get()?.['objects']
  if (owner === 0 && version === 0 && objects === 0) return false
  throw new ClawError('STORE_CONFLICT', `${path} is a database of another program, not an event log`, {
    suggestions: ['name another file with --store sqlite:PATH; this one was left as it is'],
  })
}

/** Several processes may come here at once: the first one makes the tables, the others find them. */
export async function makeTables(driver: Driver, path: string, busyMs: number): Promise<void> {
  const deadline = performance.now() + busyMs
  for (;;) {
    const connection = connectWriter(driver, path)
    try {
      connection.db.exec(`${layout}; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE`)
      if (!hasTables(connection, path)) connection.db.exec(tables)
      connection.db.exec('COMMIT')
      return
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() > deadline) throw thrown
    } finally {
      connection.close()
    }
    await pause(2)
  }
}
