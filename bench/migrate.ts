import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {jetstream, jetstreamManager} from '@nats-io/jetstream'
import {connect} from '@nats-io/transport-node'
import {migrateWorkspace} from '../src/lib/migrate/migrate.ts'
import {openNatsAdmin} from '../src/lib/store/nats/admin.ts'
import {openNatsStore} from '../src/lib/store/nats/store.ts'
import {startNats} from '../test/nats-server.ts'
import {type BenchRow, inTurns, seconds} from './harness.ts'

const notes = 10_000
const sections = 3

/** A workspace of 10 000 notes into JetStream, beside the way of the event-store document's script: read, publish, await. */
export async function migrateNotes(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'claw-events-bench-'))
  const memory = path.join(folder, 'memory')
  mkdirSync(memory)
  for (let n = 0; n < notes; n++) {
    const day = new Date(Date.UTC(1998, 0, 1 + n)).toISOString().slice(0, 10)
    const body = Array.from(
      {length: sections},
      (_, s) => `## Topic ${s}\n\n${`Something about ${n} and ${s}. `.repeat(12)}\n`,
    ).join('\n')
    writeFileSync(path.join(memory, `${day}.md`), `# ${day}\n\n${body}`)
  }
  const server = await startNats({binary: 'current'})
  let run = 0
  try {
    const measured = await inTurns(
      3,
      async () => {
        const options = {url: server.url, stream: `ours-${run}`, prefix: `ours${run++}`}
        const admin = await openNatsAdmin(options)
        await admin.apply({})
        const store = await openNatsStore(options)
        let events = 0
        const took = await seconds(async () => {
          const result = await migrateWorkspace({
            workspace: folder,
            agentId: 'main',
            store,
            lock: () => admin.lock('migrate'),
            now: Date.now,
          })
          events = result.appended
        })
        if (events !== notes * (sections + 1)) throw new Error(`migrated ${events} events`)
        await store.close()
        await admin.remove()
        await admin.close()
        return events / took
      },
      () => oneByOne(server.url, memory, run++),
    )
    return [
      {
        claim: 'migrate 10 000 notes to JetStream',
        ...measured,
        peerName: 'read, publish, await, one by one',
        unit: 'events/s',
        aim: {atLeast: 5},
      },
    ]
  } finally {
    await server.stop()
    rmSync(folder, {recursive: true})
  }
}

async function oneByOne(url: string, memory: string, run: number): Promise<number> {
  const connection = await connect({servers: url})
  const name = `peer-${run}`
  const manager = await jetstreamManager(connection)
  await manager.streams.add({name, subjects: [`${name}.>`]})
  const js = jetstream(connection)
  let events = 0
  const took = await seconds(async () => {
    for (const file of readdirSync(memory)) {
      const text = readFileSync(path.join(memory, file), 'utf8')
      for (const section of [text, ...text.split(/^## /m).slice(1)]) {
        await js.publish(`${name}.main.memory`, JSON.stringify({path: file, text: section}))
        events++
      }
    }
  })
  await manager.streams.delete(name)
  await connection.close()
  return events / took
}
