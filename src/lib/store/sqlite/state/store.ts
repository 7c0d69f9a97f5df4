import {hostname} from 'node:os'
import path from 'node:path'
import type {Delivery, OwnerLease, StateStore} from '../../state-port.ts'
import type {Connection} from '../connection.ts'
import {connectWriter} from '../connection.ts'
import {isBusy, storeFault, storeLocked} from '../faults.ts'
import {makeFile} from '../file.ts'
import {pause} from '../pause.ts'
import {holdFile} from './hold-file.ts'
import {cursorOf, deliveryColumns} from './rows.ts'
import {pageOfDeliveries, selectDeliveries} from './select.ts'
import {stateTables} from './tables.ts'

export interface SqliteStateOptions {
  /** Epoch milliseconds. */
  now?: () => number
  /** How long to wait for another program's lock. */
  busyMs?: number
}

const retryMs = 2

/** Opens `state.db` in `folder` (`<state>/claw-events`), and makes it (0600) when it is not there. */
export async function openSqliteState(folder: string, options: SqliteStateOptions = {}): Promise<StateStore> {
  const {now = Date.now, busyMs = 5000} = options
  const file = path.join(folder, 'state.db')
  const driver = await import('node:sqlite')
  makeFile(file)
  const connection = await settled(() => {
    const opened = connectWriter(driver, file)
    opened.db.exec(`PRAGMA journal_mode = WAL; ${stateTables}`)
    return opened
  })

  /** Waits for other programs' locks without stopping the event loop. */
  async function settled<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + busyMs
    while (true) {
      try {
        return work()
      } catch (thrown) {
        if (!isBusy(thrown)) throw storeFault(thrown, file)
        if (performance.now() > deadline) throw storeLocked(file)
      }
      await pause(retryMs)
    }
  }

  function write<T>(work: (connection: Connection) => T): Promise<T> {
    return settled(() => {
      connection.sql('BEGIN IMMEDIATE').run()
      try {
        const result = work(connection)
        connection.sql('COMMIT').run()
        return result
      } catch (thrown) {
        if (connection.db.isTransaction) connection.sql('ROLLBACK').run()
        throw thrown
      }
    })
  }

  const read = <T>(work: (connection: Connection) => T) => settled(() => work(connection))

  return {
    cursor: (reader) =>
      read(({sql}) => {
        const row = sql('SELECT * FROM cursors WHERE reader = ?').get(reader)
        return row && cursorOf(row)
      }),
    cursors: () => read(({sql}) => sql('SELECT * FROM cursors ORDER BY reader').all().map(cursorOf)),
    commit: ({reader, cursor, put = [], remove = []}) =>
      write(({sql}) => {
        for (const eventId of remove) {
          sql('DELETE FROM deliveries WHERE reader = ? AND event_id = ?').run(reader, eventId)
        }
        for (const delivery of put) sql(putDelivery).run(reader, ...deliveryColumns(delivery))
        if (cursor === undefined) return
        const {log, position, details} = cursor
        const text = details === undefined ? null : JSON.stringify(details)
        sql('REPLACE INTO cursors (reader, log, position, saved_at, details) VALUES (?, ?, ?, ?, ?)').run(
          reader,
          log,
          position,
          now(),
          text,
        )
      }),
    deliveries: (query) => read((connection) => selectDeliveries(connection, query)),
    async *everyDelivery(query) {
      let last: Delivery | undefined
      do {
        const page = await read((connection) => pageOfDeliveries(connection, query, last))
        yield* page
        last = page.at(-1)
      } while (last !== undefined)
    },
    countDeliveries: (reader) =>
      read(({sql}) => {
        const rows = sql('SELECT state, count(*) AS n FROM deliveries WHERE reader = ? GROUP BY state').all(reader)
        const counts = new Map(rows.map((row) => [row['state'], Number(row['n'])]))
        return {waiting: counts.get('waiting') ?? 0, dead: counts.get('dead') ?? 0}
      }),
    retryDead: (reader, eventIds) =>
      write(({sql}) => {
        const set = `UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = ? WHERE reader = ? AND state = 'dead'`
        if (eventIds === undefined) return Number(sql(set).run(now(), reader).changes)
        const one = sql(`${set} AND event_id = ?`)
        return eventIds.reduce((sum, eventId) => sum + Number(one.run(now(), reader, eventId).changes), 0)
      }),
    removeReader: (reader) =>
      write(({sql}) => {
        sql('DELETE FROM deliveries WHERE reader = ?').run(reader)
        sql('DELETE FROM cursors WHERE reader = ?').run(reader)
      }),
    async tryOwn(role) {
      const held = holdFile(driver, path.join(folder, 'owner.lock'))
      if (held === undefined) return undefined
      const since = now()
      await write(({sql}) => {
        sql('REPLACE INTO owner (id, pid, host, role, since) VALUES (1, ?, ?, ?, ?)').run(
          process.pid,
          hostname(),
          role,
          since,
        )
      }).catch((thrown) => {
        held.release()
        throw thrown
      })
      return leaseOf(held)
    },
    owner: () =>
      read(({sql}) => {
        const row = sql('SELECT pid, host, role, since FROM owner').get()
        return (
          row && {
            pid: Number(row['pid']),
            host: String(row['host']),
            role: String(row['role']),
            since: Number(row['since']),
          }
        )
      }),
    async close() {
      connection.close()
    },
  }
}

function leaseOf(held: {isHeld(): boolean; release(): void}): OwnerLease {
  return {isHeld: held.isHeld, release: async () => held.release()}
}

const putDelivery = `
  REPLACE INTO deliveries (reader, event_id, position, state, attempts, next_at, added_at, last_error, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
