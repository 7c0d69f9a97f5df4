import {copyFileSync} from 'node:fs'
import {join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {event, eventsUpTo} from '../../contracts/event-store/events.ts'
import {logWith, tempFolder} from './temp-log.ts'

const size = 40
const columns = 'seq event_id type agent session_key session_id run_id tool ts stored_at digest chain body'.split(' ')
const logColumns = 'last_seq last_stored_at chain events bytes pruned_seq pruned_chain'.split(' ')

const arbSeq = fc.integer({min: 1, max: size})
const arbBit = fc.nat(2 ** 20)
const arbPair = fc.uniqueArray(arbSeq, {minLength: 2, maxLength: 2})

type Fault =
  | {kind: 'flip'; seq: number; column: string; bit: number}
  | {kind: 'flip log'; column: string; bit: number}
  | {kind: 'drop'; seq: number}
  | {kind: 'cut'; seq: number}
  | {kind: 'swap'; seqs: number[]; isWithLinks: boolean}

const arbFault: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({kind: fc.constant('flip'), seq: arbSeq, column: fc.constantFrom(...columns), bit: arbBit}),
  },
  {
    weight: 2,
    arbitrary: fc.record({kind: fc.constant('flip log'), column: fc.constantFrom(...logColumns), bit: arbBit}),
  },
  {weight: 3, arbitrary: fc.record({kind: fc.constant('drop'), seq: arbSeq})},
  {weight: 2, arbitrary: fc.record({kind: fc.constant('cut'), seq: arbSeq})},
  {weight: 3, arbitrary: fc.record({kind: fc.constant('swap'), seqs: arbPair, isWithLinks: fc.boolean()})},
)

describe('of 1 000 random faults', () => {
  it('verify finds every flipped bit, every cut, every dropped and every swapped record, and names it', async () => {
    const whole = await logWith([
      ...eventsUpTo(size - 4, (index) => ({
        sessionId: `s-${index % 5}`,
        runId: `run-${index % 3}`,
        data: {toolName: 'exec', text: `what was said ${index}`},
      })),
      event('0193a5b0-7c1e-7def-8abc-0123456789ab'),
      event('of no time', {timestamp: 'never', agentId: 'x'}),
      event('ümläut 😀', {data: {text: '\u0000 😀'}}),
      event('last', {sessionKey: undefined}),
    ])
    const path = join(tempFolder(), 'events.db')
    const admin = await openSqliteAdmin(path)
    await fc.assert(
      fc.asyncProperty(arbFault, async (fault) => {
        copyFileSync(whole, path)
        const touched = doHarm(path, fault)
        const {ok, faults} = await admin.verify()
        expect(ok).toBe(touched.length === 0)
        if (fault.kind !== 'flip log' && !ok) expect(touched).toContain(Number(faults[0]?.position))
      }),
      {seed: 20_261_121, numRuns: 1000},
    )
  }, 120_000)
})

/** The sequence numbers that may be named; none: the fault changed nothing. */
function doHarm(path: string, fault: Fault): number[] {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA synchronous = OFF')
  const run = (sql: string, ...values: Array<string | number | bigint | Uint8Array | null>) =>
    db.prepare(sql).run(...values)
  try {
    if (fault.kind === 'flip') {
      const {seq, column, bit} = fault
      return flip(db, `events WHERE seq = ${seq}`, column, bit)
    }
    if (fault.kind === 'flip log') {
      return flip(db, 'log WHERE true', fault.column, fault.bit)
    }
    if (fault.kind === 'drop') {
      run('DELETE FROM events WHERE seq = ?', fault.seq)
      return [fault.seq]
    }
    if (fault.kind === 'cut') {
      run('DELETE FROM events WHERE seq >= ?', fault.seq)
      return [fault.seq]
    }
    const [one = 0, other = 0] = fault.seqs
    const rows = fault.seqs.map((seq) => db.prepare('SELECT * FROM events WHERE seq = ?').get(seq)!)
    const moved = columns.filter((column) => column !== 'seq' && (fault.isWithLinks || column !== 'chain'))
    run("UPDATE events SET event_id = 'nobody' WHERE seq = ?", one)
    const set = moved.map((column) => `${column} = ?`).join(', ')
    run(`UPDATE events SET ${set} WHERE seq = ?`, ...moved.map((column) => rows[0]![column]!), other)
    run(`UPDATE events SET ${set} WHERE seq = ?`, ...moved.map((column) => rows[1]![column]!), one)
    return [one, other]
  } finally {
    db.close()
  }
}

/** Turns one bit of a value round, whatever its type; empty where there is no value, or the column has the other one already. */
function flip(db: DatabaseSync, where: string, column: string, bit: number): number[] {
  const [table = ''] = where.split(' ')
  const rest = where.slice(table.length)
  const query = `SELECT typeof(${column}) AS type, CAST(${column} AS BLOB) AS bytes, ${column} AS value FROM ${where}`
  const {type, bytes, value} = db.prepare(query).get() ?? {}
  const seq = Number(/seq = (\d+)/.exec(rest)?.[1] ?? 0)
  const update = (wanted: string, other: number | Uint8Array) =>
    db.prepare(`UPDATE OR IGNORE ${table} SET ${column} = ${wanted}${rest}`).run(other).changes > 0
  if (type === 'integer') {
    // Beyond 2^48 no number here is, and 2^53 is the last one that JavaScript has exactly.
    const other = Number(BigInt(Number(value)) ^ (1n << BigInt(bit % 48)))
    return update('?', other) ? [seq, seq + 1, other] : []
  }
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return []
  const place = Math.floor(bit / 8) % bytes.length
  bytes[place] = bytes[place]! ^ (1 << (bit % 8))
  return update(`CAST(? AS ${type === 'text' ? 'TEXT' : 'BLOB'})`, bytes) ? [seq, seq + 1] : []
}
