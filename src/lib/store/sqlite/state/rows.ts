import type {Cursor, Delivery, Owner} from '../../state-port.ts'

type Row = Record<string, unknown>

export function cursorOf(row: Row): Cursor {
  const details = row['details']
  return {
    reader: String(row['reader']),
    log: String(row['log']),
    position: String(row['position']),
    savedAt: Number(row['saved_at']),
    ...(typeof details === 'string' && {details: JSON.parse(details)}),
  }
}

export function deliveryOf(row: Row): Delivery {
  return {
    reader: String(row['reader']),
    eventId: String(row['event_id']),
    position: String(row['position']),
    state: row['state'] === 'dead' ? 'dead' : 'waiting',
    attempts: Number(row['attempts']),
    nextAt: Number(row['next_at']),
    addedAt: Number(row['added_at']),
    lastError: String(row['last_error']),
    event: JSON.parse(String(row['body'])),
  }
}

/** In the order of the columns, without the reader. */
export function deliveryColumns(delivery: Omit<Delivery, 'reader'>): Array<string | number> {
  const {eventId, position, state, attempts, nextAt, addedAt, lastError, event} = delivery
  return [eventId, position, state, attempts, nextAt, addedAt, lastError, JSON.stringify(event)]
}

export function ownerOf(row: Row): Owner {
  return {
    pid: Number(row['pid']),
    host: String(row['host']),
    role: String(row['role']),
    since: Number(row['since']),
  }
}
