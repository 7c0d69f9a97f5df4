import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {VerifyResult} from '../../../src/lib/store/port.ts'
import {openSqliteAdmin} from '../../../src/lib/store/sqlite/admin.ts'
import {positionOf} from '../../../src/lib/store/sqlite/position.ts'
import {event, eventsUpTo} from '../../contracts/event-store/events.ts'
import {logWith, openStore, query, tamper} from './temp-log.ts'

const size = 40
const arbSeq = fc.integer({min: 1, max: size})
const settings = {seed: 20_261_120, numRuns: 40}

async function verified(path: string): Promise<VerifyResult> {
  const admin = await openSqliteAdmin(path)
  return admin.verify()
}

function someLog(): Promise<string> {
  return logWith(eventsUpTo(size, (index) => ({runId: `run-${index % 3}`, data: {toolName: 'exec', n: index}})))
}

async function firstFault(path: string): Promise<{seq: number; kind: string}> {
  const {ok, faults} = await verified(path)
  expect(ok).toBe(false)
  return {seq: Number(faults[0]?.position), kind: faults[0]?.kind ?? 'none'}
}

describe('verify', () => {
  it('finds nothing wrong in a log that nobody touched, nor in an empty one', async () => {
    expect(await verified(await someLog())).toMatchObject({ok: true, chained: true, events: size, faults: []})
    expect(await verified(await logWith([]))).toMatchObject({ok: true, chained: true, events: 0, faults: []})
  })

  it('finds nothing wrong in events with any ids, times and text', async () => {
    const path = await logWith([
      event('0193a5b0-7c1e-7def-8abc-0123456789ab'),
      event('lone \ud800 surrogate', {agentId: 'a\ud800', data: {toolName: '\udfff', text: '\ud800'}}),
      event('nul \u0000', {type: 'x\u0000y', timestamp: 'never', sessionId: '😀'}),
      event('odd', JSON.parse('{"sessionKey": 5, "runId": null, "data": {"toolName": ["x"], "__proto__": 1}}')),
    ])
    expect(await verified(path)).toMatchObject({ok: true, chained: true, events: 4, faults: []})
  })

  it('names an event whose body, digest, link or any column was changed', async () => {
    const columns = [
      ['body', "replace(body, '{', '{ ')"],
      ['body', "replace(body, 'c-e-', 'c-x-')"],
      ['digest', 'zeroblob(32)'],
      ['chain', 'randomblob(32)'],
      ['event_id', "'other'"],
      ['type', "'tool.called'"],
      ['agent', "agent || ' '"],
      ['session_key', 'NULL'],
      ['session_id', "'s'"],
      ['run_id', "'run-9'"],
      ['tool', "'read'"],
      ['ts', 'ts + 1'],
      ['stored_at', 'stored_at + 1'],
    ] as const
    const arbChange = fc.constantFrom(...columns)
    await fc.assert(
      fc.asyncProperty(arbSeq, arbChange, async (seq, [column, value]) => {
        const path = await someLog()
        tamper(path, `UPDATE events SET ${column} = ${value} WHERE seq = ?`, seq)
        expect(await firstFault(path)).toEqual({seq, kind: 'changed'})
      }),
      settings,
    )
  })

  it('names the event that was changed together with its digest', async () => {
    await fc.assert(
      fc.asyncProperty(arbSeq, async (seq) => {
        const path = await someLog()
        const {createHash} = await import('node:crypto')
        const body = String(query(path, `SELECT body FROM events WHERE seq = ${seq}`)[0]?.['body']).replace(
          'exec',
          'read',
        )
        const digest = createHash('sha256').update(body).digest()
        tamper(path, "UPDATE events SET body = ?, digest = ?, tool = 'read' WHERE seq = ?", body, digest, seq)
        expect(await firstFault(path)).toEqual({seq, kind: 'changed'})
      }),
      {...settings, numRuns: 10},
    )
  })

  it('names the first event that is missing, wherever it was: at the start, in the middle, at the end', async () => {
    await fc.assert(
      fc.asyncProperty(arbSeq, fc.integer({min: 0, max: 5}), async (first, more) => {
        const path = await someLog()
        tamper(path, 'DELETE FROM events WHERE seq BETWEEN ? AND ?', first, first + more)
        const {faults} = await verified(path)
        expect(faults).toHaveLength(1)
        expect(faults[0]).toMatchObject({position: positionOf(first), kind: 'missing'})
      }),
      settings,
    )
  })

  it('names the first of two events that changed places, with or without their links', async () => {
    const arbPair = fc.uniqueArray(arbSeq, {minLength: 2, maxLength: 2}).map((pair) => pair.sort((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(arbPair, fc.boolean(), async ([first = 0, second = 0], withLinks) => {
        const path = await someLog()
        swap(path, first, second, withLinks)
        const {faults} = await verified(path)
        expect(faults[0]).toMatchObject({position: positionOf(first), kind: 'swapped'})
        expect(faults[0]?.message).toContain(positionOf(second))
        expect(faults.at(-1)).toMatchObject({position: positionOf(second), kind: 'swapped'})
        expect(faults).toHaveLength(2)
      }),
      settings,
    )
  })

  it('notices a head that was set back, or names another link', async () => {
    const back = await someLog()
    tamper(back, 'UPDATE log SET last_seq = last_seq - 1')
    expect(await firstFault(back)).toEqual({seq: size - 1, kind: 'changed'})
    const other = await someLog()
    tamper(other, 'UPDATE log SET chain = zeroblob(32)')
    expect(await firstFault(other)).toEqual({seq: size, kind: 'changed'})
  })

  it('notices an event that was put in at the end', async () => {
    const path = await someLog()
    const columns = 'type, agent, session_key, session_id, run_id, tool, ts, stored_at, digest, chain, body'
    tamper(
      path,
      `INSERT INTO events (seq, event_id, ${columns}) SELECT ${size + 1}, 'new', ${columns} FROM events WHERE seq = 1`,
    )
    expect(await firstFault(path)).toEqual({seq: size + 1, kind: 'changed'})
  })

  it('notices an index that hides an event from queries', async () => {
    const path = await someLog()
    tamper(path, 'PRAGMA writable_schema = ON')
    const db = new (await import('node:sqlite')).DatabaseSync(path, {defensive: false})
    db.exec('PRAGMA writable_schema = ON')
    db.exec(`UPDATE sqlite_schema SET sql = 'CREATE INDEX by_ts ON events (ts) WHERE seq <> 7' WHERE name = 'by_ts'`)
    db.close()
    const again = new (await import('node:sqlite')).DatabaseSync(path, {defensive: false})
    again.exec('UPDATE events SET ts = ts WHERE seq = 7; REINDEX by_ts; PRAGMA writable_schema = ON')
    again.exec(`UPDATE sqlite_schema SET sql = 'CREATE INDEX by_ts ON events (ts)' WHERE name = 'by_ts'`)
    again.close()
    await expect(verified(path)).rejects.toMatchObject({code: 'STORE_CORRUPT', message: expect.stringMatching(/by_ts/)})
  })

  it('lets others append while it walks', async () => {
    const path = await logWith(eventsUpTo(3000))
    const store = await openStore(path)
    const verifying = verified(path)
    for (let index = 0; index < 20; index++) await store.append([event(`late-${index}`)])
    expect(await verifying).toMatchObject({ok: true, faults: []})
  })
})

/** Exchanges the contents of two rows; without their links, these stay where they were. */
function swap(path: string, first: number, second: number, withLinks: boolean): void {
  const columns = 'event_id, type, agent, session_key, session_id, run_id, tool, ts, stored_at, digest, body'.split(
    ', ',
  )
  if (withLinks) columns.push('chain')
  const rows = [first, second].map((seq) => query(path, `SELECT * FROM events WHERE seq = ${seq}`)[0]!)
  const set = columns.map((column) => `${column} = ?`).join(', ')
  const valuesOf = (row: Record<string, unknown>) => columns.map((column) => row[column] as string)
  tamper(path, "UPDATE events SET event_id = 'nobody' WHERE seq = ?", first)
  tamper(path, `UPDATE events SET ${set} WHERE seq = ?`, ...valuesOf(rows[0]!), second)
  tamper(path, `UPDATE events SET ${set} WHERE seq = ?`, ...valuesOf(rows[1]!), first)
}
