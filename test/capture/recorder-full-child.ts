import {rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {createRecorder} from '../../src/lib/capture/recorder.ts'
import {everything} from '../../src/lib/filter/filter.ts'
import {openSqliteStore} from '../../src/lib/store/sqlite/store.ts'
import {event, idsOf} from '../contracts/event-store/events.ts'

// Fills the disk that it is given, goes on recording, makes room, and prints what became of it.
const [disk = ''] = process.argv.slice(2)
const ballast = path.join(disk, 'ballast')
writeFileSync(ballast, Buffer.alloc(2 * 2 ** 20))
const open = () => openSqliteStore(path.join(disk, 'log', 'events.db'))
const said: Array<[string, string]> = []
const say = (level: string) => (message: string) => void said.push([level, message])
const diagnostics = {debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error')}
const recorder = createRecorder({openStore: open, queueLimit: 200, diagnostics, now: Date.now})

let recorded = 0
let longestMs = 0
async function record(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const start = performance.now()
    recorder.record([event(`e-${recorded++}`, {data: {text: 'x'.repeat(5000)}})])
    longestMs = Math.max(longestMs, performance.now() - start)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

while (recorder.status().lastError === undefined && recorded < 5000) await record(10)
const refused = await recorder.committed(50).then(
  () => 'committed',
  ({code}) => code,
)
await record(500)
const full = recorder.status()
rmSync(ballast)
await recorder.committed(10_000)
await recorder.flush(10_000)
const store = await open()
const stored = await idsOf(store.read({types: ['message.received']}))
const drops = await Array.fromAsync(store.read({types: ['capture.dropped']}))
const {count} = await store.count(everything)
await store.close()
const result = {refused, full, after: recorder.status(), recorded, longestMs, stored, drops, count, said}
process.stdout.write(JSON.stringify(result))
