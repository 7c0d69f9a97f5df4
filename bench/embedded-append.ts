import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
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
  const schema = await schemaOf(path.join(folder, 'schema.db'))
  const peer = async () => {
    const db = new DatabaseSync(path.join(folder, `${file++}.db`))
    for (const statement of schema) db.exec(statement)
    const insert = db.prepare(insertInto)
    const digest = Buffer.alloc(32, 1)
    let seq = 0
    const took = await seconds(() => {
      for (const events of batches) {
        db.exec('BEGIN IMMEDIATE')
        for (const event of events) bareInsert(insert, event, ++seq, digest)
        db.exec('COMMIT')
      }
    })
    db.close()
    return total / took
  }
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
