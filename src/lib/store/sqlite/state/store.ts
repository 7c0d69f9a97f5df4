import {hostname} from 'node:os'
import path from 'node:path'
import type {Delivery, StateStore} from '../../state-port.ts'
import {holdFile, isFileHeld} from './hold-file.ts'
import {cursorOf, deliveryColumns, ownerOf} from './rows.ts'
import {pageOfDeliveries, selectDeliveries} from './select.ts'
import {openStateFile} from './state-file.ts'

export interface SqliteStateOptions {
  /** Epoch milliseconds. */
  now?: () => number
  /** How long to wait for another program's lock. */
  busyMs?: number
}

/** Opens `state.db` in `folder` (`<state>/claw-events`), and makes it (0600) when it is not there. */
export async function openSqliteState(folder: string, options: SqliteStateOptions = {}): Promise<StateStore> {
  const {now = Date.now, busyMs = 5000} = options
  const driver = await import('node:sqlite')
  const {read, write, close} = await openStateFile(driver, path.join(folder, 'state.db'), busyMs)
  const lockFile = path.join(folder, 'owner.lock')

  /** For people only: a disk on which it cannot be written is no reason not to deliver. */
  async function signAsOwner(role: string): Promise<void> {
    const replace = 'REPLACE INTO owner (id, pid, host, role, since) VALUES (1, ?, ?, ?, ?)'
    await write(({sql}) => sql(replace).run(process.pid, hostname(), role, now())).catch(() => undefined)
  }

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
        sql(putCursor).run(reader, log, position, now(), text)
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
    deliveryIdsAfter: (reader, position) =>
      read(({sql}) => {
        const rows = sql('SELECT event_id FROM deliveries WHERE reader = ? AND position > ?').all(reader, position)
        return rows.map((row) => String(row['event_id']))
      }),
    deliveryReaders: () =>
      read(({sql}) => {
        const rows = sql('SELECT DISTINCT reader FROM deliveries').all()
        return rows.map((row) => String(row['reader']))
      }),
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
        return eventIds.reduce((sum, id) => sum + Number(one.run(now(), reader, id).changes), 0)
      }),
    removeReader: (reader) =>
      write(({sql}) => {
        sql('DELETE FROM deliveries WHERE reader = ?').run(reader)
        sql('DELETE FROM cursors WHERE reader = ?').run(reader)
      }),
    async tryOwn(role) {
      const held = holdFile(driver, lockFile)
      if (held === undefined) return undefined
      await signAsOwner(role)
      return {isHeld: held.isHeld, release: async () => held.release()}
    },
    async owner() {
      if (!isFileHeld(driver, lockFile)) return undefined
      return read(({sql}) => {
        const row = sql('SELECT pid, host, role, since FROM owner').get()
        return row && ownerOf(row)
      })
    },
    async close() {
      close()
    },
  }
}

const putDelivery = `
  REPLACE INTO deliveries (reader, event_id, position, state, attempts, next_at, added_at, last_error, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const putCursor = 'REPLACE INTO cursors (reader, log, position, saved_at, details) VALUES (?, ?, ?, ?, ?)'
