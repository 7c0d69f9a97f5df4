import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import type {ClawEvent} from '../src/lib/event/envelope.ts'
import {layout, tables} from '../src/lib/store/sqlite/schema.ts'
import {openSqliteStore} from '../src/lib/store/sqlite/store.ts'
import {type BenchRow, inTurns, seconds} from './harness.ts'
import {sampleEvents} from './sample-events.ts'

const total = 100_000
const batch = 1000

/** Batches of 1000 into a new log, beside bare node:sqlite with the same tables and indexes and the same JSON. */
export async function embeddedAppend(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  let file = 0
  const batches = Array.from({length: total / batch}, (_, n) => sampleEvents(batch, n * batch))
  const ours = async () => {
    const store = await openSqliteStore(path.join(folder, `${file++}.db`))
    const took = await seconds(async () => {
      for (const events of batches) await store.append(events)
    })
    await store.close()
    return total / took
  }
  const peer = () => bareInsert(path.join(folder, `${file++}.db`), batches)
  const measured = await inTurns(5, ours, peer)
  rmSync(folder, {recursive: true})
  return [
    {
      claim: 'embedded append, batches of 1000',
      ...measured,
      peerName: 'bare node:sqlite, same schema',
      unit: 'events/s',
      aim: {atLeast: 0.8},
    },
  ]
}

/** What one would write by hand: the same tables and pragmas, one prepared statement, a transaction per batch. */
function bareInsert(file: string, batches: ClawEvent[][]): number {
  const db = new DatabaseSync(file)
  db.exec(`${layout}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${tables}`)
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const digest = Buffer.alloc(32, 1)
  let seq = 0
  const start = performance.now()
  for (const events of batches) {
    db.exec('BEGIN IMMEDIATE')
    for (const event of events) {
      const {eventId, type, agentId, sessionKey, sessionId, runId, timestamp, data} = event
      const id = Buffer.from(eventId.replaceAll('-', ''), 'hex')
      const tool = String(data.toolName)
      insert.run(
        ++seq,
        id,
        type,
        agentId,
        sessionKey!,
        sessionId!,
        runId!,
        tool,
        Date.parse(timestamp),
        Date.now(),
        digest,
        digest,
        JSON.stringify(event),
      )
    }
    db.exec('COMMIT')
  }
  const took = (performance.now() - start) / 1000
  db.close()
  return total / took
}
