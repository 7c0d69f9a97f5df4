import type {Delivery, DeliveryQuery} from '../../state-port.ts'
import type {Connection} from '../connection.ts'
import {deliveryOf} from './rows.ts'

const defaultLimit = 1000
/** A page must fit into memory whatever the events are. */
const pageSize = 100

type Term = [sql: string, ...values: Array<string | number>]

/** The first by `nextAt`, then position. Only the terms that are asked for are in the query, so that it finds its index. */
export function selectDeliveries(
  {sql}: Connection,
  {reader, state, dueBy, limit = defaultLimit}: DeliveryQuery,
): Delivery[] {
  const terms: Term[] = []
  if (reader !== undefined) terms.push(['reader = ?', reader])
  if (state !== undefined) terms.push(['state = ?', state])
  if (dueBy !== undefined) terms.push(['next_at <= ?', dueBy])
  const {where, values} = joined(terms)
  const rows = sql(`SELECT * FROM deliveries ${where} ORDER BY next_at, position LIMIT ?`).all(...values, limit)
  return rows.map(deliveryOf)
}

/** Those after `last` by reader and event id; none when there are no more. */
export function pageOfDeliveries(
  {sql}: Connection,
  {reader, state}: Pick<DeliveryQuery, 'reader' | 'state'>,
  last: Delivery | undefined,
): Delivery[] {
  const terms: Term[] = []
  if (reader !== undefined) terms.push(['reader = ?', reader])
  if (state !== undefined) terms.push(['state = ?', state])
  if (last !== undefined) terms.push(['(reader, event_id) > (?, ?)', last.reader, last.eventId])
  const {where, values} = joined(terms)
  const rows = sql(`SELECT * FROM deliveries ${where} ORDER BY reader, event_id LIMIT ?`).all(...values, pageSize)
  return rows.map(deliveryOf)
}

function joined(terms: readonly Term[]): {where: string; values: Array<string | number>} {
  const conditions = terms.map(([condition]) => condition)
  return {
    where: terms.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`,
    values: terms.flatMap(([, ...values]) => values),
  }
}
